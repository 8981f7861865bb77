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

/// The URL to explain, in the form `http://host:port/path?query`; the scheme is optional.
struct RequestURL: Equatable {
    /// A name or an address, as in Host.
    let host: String
    /// The port; 80 by default.
    let port: UInt16
    /// The path and query as they are sent.
    let target: String
    /// The host and port as in the field Host.
    let authority: String

    init(_ text: String) throws(ExplainError) {
        let scheme = "http://"
        let isWhole = text.lowercased().hasPrefix(scheme)
        if !isWhole, let end = text.firstRange(of: "://") {
            let name = text[..<end]
            throw ExplainError(
                name.lowercased() == "https"
                    ? "\(text): apus serves HTTP in clear text: use http://, as a TLS terminator "
                        + "in front of it does"
                    : "\(text): a URL begins with http://")
        }
        var rest = isWhole ? text.dropFirst(scheme.count) : text[...]
        if let hash = rest.firstIndex(of: "#") { rest = rest[..<hash] }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = String(rest[..<end])
        let target = String(rest[end...])
        guard !authority.contains("@") else {
            throw ExplainError(
                "\(text): a URL cannot contain a user name: write -H \"Authorization: …\"")
        }
        (host, port) = try RequestURL.split(authority, of: text)
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw ExplainError("\(text): a URL has no spaces or control characters; write %20")
        }
        self.target = target.hasPrefix("/") ? target : "/" + target
        self.authority = authority
    }

    private static func split(
        _ authority: String, of text: String
    ) throws(ExplainError) -> (String, UInt16) {
        var hostEnd = authority.endIndex
        var port: UInt16 = 80
        let isBracketed = authority.hasPrefix("[")
        let from =
            isBracketed
            ? authority.firstIndex(of: "]") ?? authority.startIndex : authority.startIndex
        if let colon = authority[from...].lastIndex(of: ":") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                let number = UInt16(digits), number > 0
            else {
                throw ExplainError(
                    "\(text): invalid port \"\(digits)\": a port is a number from 1 to 65535")
            }
            port = number
            hostEnd = colon
        }
        let host = String(authority[..<hostEnd])
        guard !host.isEmpty, !isBracketed || host.hasSuffix("]") else {
            throw ExplainError("\(text): a URL names a host, as in http://example.com/")
        }
        guard host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw ExplainError("\(text): invalid host \"\(host)\"")
        }
        return (host, port)
    }
}

/// The reason that a URL cannot be explained.
public struct ExplainError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The reason, in one line.
    public let description: String

    init(_ description: String) { self.description = description }
}

extension StringProtocol {
    /// Returns the index where a text begins in this one.
    fileprivate func firstRange(of text: String) -> Index? {
        indices.first { self[$0...].hasPrefix(text) }
    }
}
