import CLinux

/// Default paths, which the command line and the configuration can change. A build for other places
/// sets them in the environment (see Package.swift), as `make install` does.
public struct BuildPaths: Equatable, Sendable {
    /// The directory that relative paths start from; its `html` is the default root.
    public var prefix = builtIn(clinux_prefix)
    /// The path of the program, for `-V`.
    public var program = builtIn(clinux_sbin_path)
    /// The default of `-c`.
    public var configuration = builtIn(clinux_conf_path)
    /// The default pid file.
    public var pid = builtIn(clinux_pid_path)
    /// The default error log.
    public var errorLog = builtIn(clinux_error_log_path)
    /// The default access log.
    public var accessLog = builtIn(clinux_access_log_path)
    /// The user of workers if the master is root and no `user` is set.
    public var user = builtIn(clinux_user)

    /// Creates the paths of this build.
    public init() {}

    /// The paths as `-V` lists them: `--prefix=/usr/share/apus …`.
    public var arguments: String {
        [
            "--prefix=\(prefix)", "--sbin-path=\(program)", "--conf-path=\(configuration)",
            "--pid-path=\(pid)", "--error-log-path=\(errorLog)", "--http-log-path=\(accessLog)",
            "--user=\(user)",
        ].joined(separator: " ")
    }

    private static func builtIn(_ place: clinux_place) -> String {
        guard let text = unsafe clinux_built_in(place) else { return "" }
        return unsafe String(cString: text)
    }

    /// Returns `path`, relative to `directory` unless it is absolute.
    public static func full(_ path: String, in directory: String) -> String {
        if path.hasPrefix("/") { return path }
        return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
    }
}
