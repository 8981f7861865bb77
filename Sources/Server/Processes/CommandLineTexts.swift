/// What the command line answers by itself.
public enum CommandLineTexts {
    /// `-v`.
    public static var version: String { "apus version: \(Version.product)\n" }

    /// What `-V` adds.
    public static func build(compiler: String, paths: BuildPaths) -> String {
        "built by \(compiler)\nconfigure arguments: \(paths.arguments)\n"
    }

    /// `-h`.
    public static func usage(_ paths: BuildPaths) -> String {
        """
        Usage: apus [-?hvVtTq] [-s signal] [-p prefix]
                    [-e filename] [-c filename] [-g directives]
               apus serve [DIR] [--port N] [--listen ADDRESS]

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

    /// `apus serve --help`.
    public static var serveUsage: String {
        """
        Usage: apus serve [DIR] [--port N] [--listen ADDRESS]

        Serves the files of DIR (default: the current directory) over HTTP until Ctrl-C,
        without a configuration file: directories without an index are listed, hidden files
        are not served, symbolic links are not followed out of DIR.

          --port N          : the port to listen on (default: 8000)
          --listen ADDRESS  : the address to listen on (default: 127.0.0.1, this machine only);
                              0.0.0.0 or [::] for all, 192.0.2.1:8080, unix:/path/of/socket
          -h, --help        : this help

        """
    }
}
