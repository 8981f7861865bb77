extension CommandLineOptions {
    /// Returns the directory that relative paths start from: `-p` in the working directory, or the
    /// build's prefix.
    public func fullPrefix(_ paths: BuildPaths, in workingDirectory: String) -> String {
        guard let prefix else { return paths.prefix }
        return BuildPaths.full(prefix, in: workingDirectory)
    }

    /// Returns the request for the loader. As in nginx `-c` and `-e` are relative to the prefix,
    /// and the build's configuration path, which is absolute, stays if only `-p` is given.
    public func loadRequest(_ paths: BuildPaths, in workingDirectory: String) -> LoadRequest {
        let prefix = fullPrefix(paths, in: workingDirectory)
        let path = BuildPaths.full(configuration ?? paths.configuration, in: prefix)
        var request = LoadRequest(path: path, prefix: prefix)
        request.globals = globals
        if let errorLog {
            request.errorLogPath =
                errorLog == "stderr" ? errorLog : BuildPaths.full(errorLog, in: prefix)
        }
        return request
    }
}
