import CLinux
import Configuration
import Linux

/// The options of the server on the command line: nginx's.
public struct CommandLineOptions: Equatable, Sendable {
    /// `-v`; also set by `-V` and `-h`.
    public var showsVersion = false
    /// `-V`.
    public var showsBuild = false
    /// `-h`, `-?`.
    public var showsUsage = false
    /// `-t`; also set by `-T`.
    public var tests = false
    /// `-T`.
    public var dumps = false
    /// `-q`.
    public var isQuiet = false
    /// `-s`.
    public var order: Order?
    /// `-c`, as written.
    public var configuration: String?
    /// `-p`, as written.
    public var prefix: String?
    /// `-e`, as written.
    public var errorLog: String?
    /// `-g`.
    public var globals: String?

    /// The argument of `-s`.
    public enum Order: String, CaseIterable, Sendable {
        case stop, quit, reopen, reload

        /// The signal that is sent.
        public var signal: Signal {
            switch self {
            case .stop: .terminate
            case .quit: .quit
            case .reopen: .user1
            case .reload: .hangup
            }
        }
    }

    /// Creates options without any set.
    public init() {}

    /// Parses a command line; `arguments` begin with the program's name.
    public static func parse(
        _ arguments: [String]
    ) throws(CommandLineError) -> CommandLineOptions {
        var options = CommandLineOptions()
        for word in OptionReader.words(arguments, .server) { try options.take(word) }
        return options
    }

    mutating func take(_ word: CommandLineWord) throws(CommandLineError) {
        switch word {
        case .unknown("?"), .option("h", _):
            showsUsage = true
            showsVersion = true
        case .unknown(let name), .operand(let name): throw .invalid(name)
        case .missingArgument(let letter): throw .requires(letter, CommandLineOptions.noun(letter))
        case .option(let letter, let argument): try take(letter, argument ?? "")
        }
    }

    private mutating func take(
        _ letter: Character, _ argument: String
    ) throws(CommandLineError) {
        switch letter {
        case "v": showsVersion = true
        case "V":
            showsVersion = true
            showsBuild = true
        case "t": tests = true
        case "T":
            tests = true
            dumps = true
        case "q": isQuiet = true
        case "g": globals = argument
        case "s":
            guard let order = Order(rawValue: argument) else { throw .invalid("-s \(argument)") }
            self.order = order
        default:
            // An empty name counts as missing, as in nginx.
            if argument.isEmpty { throw .requires(letter, CommandLineOptions.noun(letter)) }
            switch letter {
            case "c": configuration = argument
            case "p": prefix = argument
            default: errorLog = argument
            }
        }
    }

    private static func noun(_ letter: Character) -> String {
        switch letter {
        case "p": "directory name"
        case "s", "g": "parameter"
        default: "file name"
        }
    }
}

/// An invalid command line, in nginx's words.
public enum CommandLineError: Error, Equatable, Sendable, CustomStringConvertible {
    /// An unknown option, or an argument that is none.
    case invalid(String)
    /// A missing argument of an option, and its description.
    case requires(Character, String)
    /// An argument that `apus serve` cannot use, and the reason.
    case unusable(String)

    /// The message: `invalid option: "x"`.
    public var description: String {
        switch self {
        case .invalid(let name): "invalid option: \"\(name)\""
        case .requires(let letter, let noun): "option \"-\(letter)\" requires \(noun)"
        case .unusable(let why): why
        }
    }
}

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
        request.isPathRelative = configuration.map { !$0.hasPrefix("/") } ?? false
        request.globals = globals
        if let errorLog {
            request.errorLogPath =
                errorLog == "stderr" ? errorLog : BuildPaths.full(errorLog, in: prefix)
        }
        return request
    }
}

/// Texts that the command line prints.
public enum CommandLineTexts {
    /// Returns a message as one line in the program's name.
    public static func line(_ message: String) -> String {
        "apus: \(VisibleText.escaped(message))\n"
    }

    /// Returns the line that `-T` prints before the text of a file.
    public static func dumpTitle(of file: String) -> String {
        "# configuration file \(VisibleText.escaped(file)):\n"
    }

    /// The output of `-v`.
    public static var version: String { "apus version: \(Version.product)\n" }

    /// Returns the additional output of `-V`.
    public static func build(compiler: String, paths: BuildPaths) -> String {
        "built by \(compiler)\nconfigure arguments: \(paths.arguments)\n"
    }

    /// Returns the output of `-h`.
    public static func usage(_ paths: BuildPaths) -> String {
        """
        Usage: apus [-?hvVtTq] [-s signal] [-p prefix]
                    [-e filename] [-c filename] [-g directives]
               apus serve [DIR] [--port N] [--listen ADDRESS] [--host NAME]...
               apus check [-c filename] [--strict] [--json]
               apus explain [-c filename] [METHOD] URL [-H field]

        Options:
          -?,-h         : this help
          -v            : show version and exit
          -V            : show version and configure options then exit
          -t            : test configuration and exit
          -T            : test configuration, dump it and exit
          -q            : suppress non-error messages during configuration testing
          -s signal     : send signal to a master process: stop, quit, reopen, reload
          -p prefix     : set prefix path (default: \(paths.prefix)/)
          -e filename   : set error log file (default: \(paths.errorLog))
          -c filename   : set configuration file (default: \(paths.configuration))
          -g directives : set global directives out of configuration file

        """
    }

    /// The output of `apus serve --help`.
    public static var serveUsage: String {
        """
        Usage: apus serve [DIR] [--port N] [--listen ADDRESS] [--host NAME]...

        Serves the files of DIR (default: the current directory) over HTTP until Ctrl-C,
        without a configuration file: directories without an index are listed, hidden files
        are not served, symbolic links are not followed out of DIR.

          --port N          : the port to listen on (default: 8000)
          --listen ADDRESS  : the address to listen on (default: 127.0.0.1, this machine only);
                              0.0.0.0 or [::] for all, 192.0.2.1:8080, unix:/path/of/socket
          --host NAME       : also accept NAME as Host; may be given more than once. Without
                              it, localhost, *.localhost and loopback addresses are accepted
                              on a loopback address, and every name on other addresses
          -h, --help        : this help

        """
    }

    /// The output of `apus explain --help`.
    public static var explainUsage: String {
        """
        Usage: apus explain [-c FILE] [-p PREFIX] [METHOD] URL [-H FIELD]... [--from ADDRESS]

        Shows step by step how apus would respond to a request: which server and location are
        selected and why, rewrites, the files that are tried, and the response header.
        Listens on no port, writes no file, and does not contact a running server.

          -c, -p, -e, -g    : as for the server
          -H FIELD          : add a request header, as in -H "Accept-Encoding: gzip"
          --from ADDRESS    : the client's address (default: this machine)
          -h, --help        : this help

        URL is http://HOST:PORT/PATH, as a client would connect to apus itself; HOST is not
        looked up. Exits with 0 if there is a response, with 1 if the configuration has errors,
        and with 2 if the arguments are invalid or nothing listens on that address.

        """
    }

    /// The output of `apus check --help`.
    public static var checkUsage: String {
        let lints = Lint.allCases.map { lint in
            let name = lint.rawValue
            return "  " + name + String(repeating: " ", count: max(1, 22 - name.utf8.count))
                + lint.summary
        }
        return """
            Usage: apus check [-c FILE] [-p PREFIX] [--allow LINT]... [--strict] [--json]

            Reports the errors of a configuration, and warns about probable mistakes (lints).
            Writes no file, listens on no port, and does not need to run as root.

              -c, -p, -e, -g    : as for the server
              --allow LINT      : silence a lint; a comment "# apus: allow LINT" on the same line
                                  or the line before does it for one place
              --strict          : exit with 2 if there are warnings
              --json            : print JSON, for editors and scripts
              -h, --help        : this help

            Exits with 0, or with 1 if there are errors. The lints:

            """ + lints.joined(separator: "\n") + "\n"
    }
}

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

/// The version of this program.
public enum Version {
    /// The version number.
    public static var number: String { "0.1.0" }
    /// The version of nginx whose configuration language is implemented: `$nginx_version`.
    public static var nginx: StaticString { "1.31.5" }
    /// The Server field of responses: `Server: apus/0.1.0`.
    static var serverField: StaticString { "Server: apus/0.1.0" }
    /// The product name and version, as in `-v` and the Server field.
    public static var product: String { "apus/\(number)" }
}
