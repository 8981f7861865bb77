import Linux
import Server

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
