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
          --host NAME       : a name to accept as Host besides localhost, *.localhost and
                              loopback addresses; may be given more than once. On other than
                              loopback addresses every name is accepted
          -h, --help        : this help

        """
    }

    /// The output of `apus explain --help`.
    public static var explainUsage: String {
        """
        Usage: apus explain [-c FILE] [-p PREFIX] [METHOD] URL [-H FIELD]... [--from ADDRESS]

        Tells how a request would be answered, step by step: the server and the location that
        are chosen and why, what is rewritten, which files are tried, and the answer's head.
        Binds nothing, opens nothing for writing, asks no running server.

          -c, -p, -e, -g    : as for the server
          -H FIELD          : a field of the request, as in -H "Accept-Encoding: gzip"
          --from ADDRESS    : the client's address (default: this machine)
          -h, --help        : this help

        The URL is that of a connection to apus itself, http://HOST:PORT/PATH; names are not
        looked up. Exits with 0, with 1 when the configuration has errors, with 2 when the URL
        cannot be asked.

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

            Reads a configuration and tells what is wrong with it, and what is probably not meant.
            Opens nothing for writing, binds nothing, needs no root.

              -c, -p, -e, -g    : as for the server
              --allow LINT      : silences a lint; so does a comment "# apus: allow LINT" there
                                  or on the line before
              --strict          : exit with 2 when there are warnings
              --json            : for editors and pipelines
              -h, --help        : this help

            Exits with 0, with 1 when there are errors. The lints:

            """ + lints.joined(separator: "\n") + "\n"
    }
}
