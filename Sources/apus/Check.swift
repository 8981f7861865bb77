import Linux
import Server

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
