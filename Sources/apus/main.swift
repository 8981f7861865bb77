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

/// Runs `apus check`. Returns 0 without findings, 1 for errors, 2 for warnings with --strict.
func check(_ options: CheckOptions) -> Int32 {
    if options.showsUsage {
        writeAll(1, CommandLineTexts.checkUsage)
        return 0
    }
    let directory = String(decoding: (try? currentDirectory()) ?? [], as: UTF8.self)
    let request = options.server.loadRequest(BuildPaths(), in: directory)
    let outcome = ConfigurationLoader.check(request, silenced: options.silenced)
    writeAll(1, options.isJSON ? outcome.json : outcome.report)
    if outcome.hasErrors { return 1 }
    return options.isStrict && outcome.hasWarnings ? 2 : 0
}

/// Runs `apus explain`. Returns 0 for a response, 1 for a configuration with errors, 2 for a URL
/// that cannot be explained.
func explain(_ options: ExplainOptions) -> Int32 {
    if options.showsUsage {
        writeAll(1, CommandLineTexts.explainUsage)
        return 0
    }
    let directory = String(decoding: (try? currentDirectory()) ?? [], as: UTF8.self)
    let outcome = ConfigurationLoader.load(options.server.loadRequest(BuildPaths(), in: directory))
    writeAll(2, outcome.report)
    guard let plan = outcome.plan else { return 1 }
    do throws(ExplainError) {
        try Explainer.becomeWorker(of: plan)
        writeAll(1, try Explainer.explain(options, with: plan))
        return 0
    } catch {
        printError("\(error)")
        return 2
    }
}

exit(main())
