import CLinux

/// Where things are when neither the command line nor the configuration says so. A build for other
/// places names them in the environment (see Package.swift), as `make install` does.
public struct BuildPaths: Equatable, Sendable {
    /// What relative paths are relative to; its `html` is the built-in root.
    public var prefix = builtIn(clinux_prefix)
    /// The program itself, for `-V`.
    public var program = builtIn(clinux_sbin_path)
    /// The configuration file, as `-c` would give it.
    public var configuration = builtIn(clinux_conf_path)
    /// The master's process id.
    public var pid = builtIn(clinux_pid_path)
    /// The error log.
    public var errorLog = builtIn(clinux_error_log_path)
    /// The access log.
    public var accessLog = builtIn(clinux_access_log_path)
    /// Whom workers run as when the master is root and no `user` is named.
    public var user = builtIn(clinux_user)

    /// The paths of this build.
    public init() {}

    /// `--prefix=/usr/share/apus …`, as `-V` lists them.
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

    /// `path`, taken relative to `directory` unless it is absolute.
    public static func full(_ path: String, in directory: String) -> String {
        if path.hasPrefix("/") { return path }
        return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
    }
}
