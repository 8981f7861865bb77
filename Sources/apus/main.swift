import Glibc
import Linux
import Server

/// `serve`, `check` and `explain` are for people; all else is nginx's command line.
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
        complain("\(error)")
        return 1
    }
}

/// One line on stderr, in the program's name.
func complain(_ message: String) {
    writeAll(2, CommandLineTexts.line(message))
}

exit(main())
