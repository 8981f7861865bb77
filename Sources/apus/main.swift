import Glibc
import Linux
import Server

/// Selects the command: `serve`, `check` and `explain`, or nginx's command line.
func main() -> Int32 {
    let arguments = programArguments()
    do throws(CommandLineError) {
        if arguments.dropFirst().first == "serve" {
            return serve(try ServeOptions.parse(Array(arguments.dropFirst())))
        }
        if arguments.dropFirst().first == "check" {
            return check(try CheckOptions.parse(Array(arguments.dropFirst())))
        }
        if arguments.dropFirst().first == "explain" {
            return explain(try ExplainOptions.parse(Array(arguments.dropFirst())))
        }
        return run(try CommandLineOptions.parse(arguments))
    } catch {
        printError("\(error)")
        return 1
    }
}

/// Prints one line on stderr, with the program's name.
func printError(_ message: String) {
    writeAll(2, CommandLineTexts.line(message))
}

exit(main())
