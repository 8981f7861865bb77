import Configuration

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
