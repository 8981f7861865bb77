import Linux

/// The options of `apus check`.
public struct CheckOptions: Equatable, Sendable {
    /// The options that name the configuration, as nginx's.
    public var server = CommandLineOptions()
    /// `--allow`.
    public var silenced: Set<Lint> = []
    /// `--json`.
    public var isJSON = false
    /// `--strict`: warnings count as failures.
    public var isStrict = false
    /// `--help`.
    public var showsUsage = false

    /// Parses a command line; `arguments` begin with `check`.
    public static func parse(_ arguments: [String]) throws(CommandLineError) -> CheckOptions {
        var options = CheckOptions()
        for word in OptionReader.words(arguments, .check) {
            switch word {
            case .unknown("?"), .option("h", _): options.showsUsage = true
            case .option("j", _): options.isJSON = true
            case .option("S", _): options.isStrict = true
            case .option("a", let name): options.silenced.insert(try lint(name ?? ""))
            case .missingArgument("a"): throw .unusable("option \"--allow\" requires a lint's name")
            default: try options.server.take(word)
            }
        }
        return options
    }

    private static func lint(_ name: String) throws(CommandLineError) -> Lint {
        guard let lint = Lint(rawValue: name) else {
            let names = Lint.allCases.map(\.rawValue).joined(separator: ", ")
            throw .unusable("--allow \(name): unknown lint; the lints are \(names)")
        }
        return lint
    }
}
