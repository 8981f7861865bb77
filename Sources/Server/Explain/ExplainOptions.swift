import Linux

/// The options of `apus explain`.
public struct ExplainOptions: Equatable, Sendable {
    /// The options that name the configuration, as nginx's.
    public var server = CommandLineOptions()
    /// The request's method.
    public var method = "GET"
    /// The URL, as written.
    public var url = ""
    /// `-H`: headers of the request, `Name: value`.
    public var fields: [String] = []
    /// `--from`: the client's address; nil for this machine's own.
    public var client: String?
    /// `--help`.
    public var showsUsage = false

    /// Parses a command line; `arguments` begin with `explain`.
    public static func parse(_ arguments: [String]) throws(CommandLineError) -> ExplainOptions {
        var options = ExplainOptions()
        var operands: [String] = []
        for word in OptionReader.words(arguments, .explain) {
            switch word {
            case .unknown("?"), .option("h", _): options.showsUsage = true
            case .option("H", let field): options.fields.append(try checked(field: field ?? ""))
            case .option("f", let address): options.client = address
            case .missingArgument("H"): throw .requires("H", "a field")
            case .missingArgument("f"): throw .unusable("option \"--from\" requires an address")
            case .operand(let text): operands.append(text)
            default: try options.server.take(word)
            }
        }
        guard !options.showsUsage else { return options }
        try options.take(operands)
        return options
    }

    private mutating func take(_ operands: [String]) throws(CommandLineError) {
        switch operands.count {
        case 0: throw .unusable("explain: a URL is missing, as in http://example.com/")
        case 1: url = operands[0]
        case 2:
            method = operands[0]
            url = operands[1]
        default: throw .unusable("explain: one URL at a time, not \(operands[1...].joined())")
        }
        let isMethod = method.utf8.allSatisfy { byte in
            byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") || byte == UInt8(ascii: "-")
        }
        guard isMethod, !method.isEmpty else {
            throw .unusable("explain: \"\(method)\" is not a method: methods are in capitals")
        }
    }

    /// Checks that a header is one line, with a name.
    private static func checked(field: String) throws(CommandLineError) -> String {
        let isLine = field.utf8.allSatisfy { $0 != 0 && $0 != 10 && $0 != 13 }
        guard isLine, let colon = field.firstIndex(of: ":"), colon != field.startIndex else {
            throw .unusable("-H \"\(field)\": a header is \"Name: value\"")
        }
        return field
    }
}
