import Linux

/// The options of `apus serve`.
public struct ServeOptions: Equatable, Sendable {
    /// The directory to serve, as written.
    public var directory = "."
    /// The address to listen on: this machine only, by default.
    public var address = ListenAddress.ipv4(0x7F00_0001, port: 8000)
    /// The additional names that are accepted as Host, in lower case.
    public var hosts: [String] = []
    /// `--help`.
    public var showsUsage = false

    /// Creates the defaults.
    public init() {}

    /// Parses a command line; `arguments` begin with `serve`.
    public static func parse(_ arguments: [String]) throws(CommandLineError) -> ServeOptions {
        var options = ServeOptions()
        var port: UInt16?
        var listen: String?
        var directories: [String] = []
        for word in OptionReader.words(arguments, .serve) {
            switch word {
            case .unknown("?"), .option("h", _): options.showsUsage = true
            case .option("p", let text): port = try parsePort(text ?? "")
            case .option("n", let text): options.hosts.append(try parseHost(text ?? ""))
            case .option(_, let text): listen = text
            case .operand(let name): directories.append(name)
            case .unknown(let name): throw .invalid(name)
            case .missingArgument("p"): throw .unusable("option \"--port\" requires a number")
            case .missingArgument("n"): throw .unusable("option \"--host\" requires a name")
            case .missingArgument: throw .unusable("option \"--listen\" requires an address")
            }
        }
        if directories.count > 1 {
            throw .unusable("one directory can be served, not \(directories.count)")
        }
        if let directory = directories.first { options.directory = directory }
        options.address = try address(listen: listen ?? "127.0.0.1", port: port)
        return options
    }

    private static func parsePort(_ text: String) throws(CommandLineError) -> UInt16 {
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = UInt16(text), port > 0
        else { throw .unusable("--port \(text): a port is a number from 1 to 65535") }
        return port
    }

    /// Parses the argument of `--host`: a name or an address as a browser sends it, without a port.
    private static func parseHost(_ text: String) throws(CommandLineError) -> String {
        if LiteralAddress.ipv6(text) != nil { return "[\(text.lowercased())]" }
        if text.hasPrefix("["), text.hasSuffix("]"),
            LiteralAddress.ipv6(String(text.dropFirst().dropLast())) != nil
        {
            return text.lowercased()
        }
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard isName, labels.allSatisfy({ !$0.isEmpty }) else {
            throw .unusable("--host \(text): \(hostAdvice(text))")
        }
        return name.lowercased()
    }

    private static func hostAdvice(_ text: String) -> String {
        if text.contains("/") { return "write the name alone, without scheme and path" }
        if text.contains(":") { return "write the name alone: any port is accepted" }
        if !text.utf8.allSatisfy({ $0 < 0x80 }) {
            return "write an international name as browsers send it, beginning with xn--"
        }
        return "a name has letters, digits, hyphens and dots, as in build.example.com"
    }

    /// Parses the address of `--listen`. Its port is that of `--port`, or 8000, unless it has one.
    private static func address(
        listen: String, port: UInt16?
    ) throws(CommandLineError) -> ListenAddress {
        let named = try parseAddress(listen)
        if case .unix = named {
            guard port == nil else { throw .unusable("--port: a unix socket has no port") }
            return named
        }
        // With a port appended, an address that has one already is invalid.
        let isWithoutPort =
            !listen.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
            && (try? ListenAddress.parse(listen + ":1")) != nil
        if isWithoutPort { return named.withPort(port ?? 8000) }
        if let port, named != named.withPort(port) {
            throw .unusable("--port \(port): --listen \(listen) names another port")
        }
        return named
    }

    private static func parseAddress(_ text: String) throws(CommandLineError) -> ListenAddress {
        do throws(ListenAddressError) {
            return try ListenAddress.parse(text)
        } catch {
            throw .unusable("--listen \(text): \(error.explanation)")
        }
    }
}

extension ListenAddress {
    /// Returns the same address with another port.
    func withPort(_ port: UInt16) -> ListenAddress {
        switch self {
        case .ipv4(let address, _): .ipv4(address, port: port)
        case .ipv6(let high, let low, _): .ipv6(high, low, port: port)
        case .unix: self
        }
    }

    /// True for addresses that only this machine can reach: 127.0.0.0/8 and ::1.
    var isLoopback: Bool {
        switch self {
        case .ipv4(let address, _): address >> 24 == 127
        case .ipv6(let high, let low, _):
            high == 0 && (low == 1 || low >> 24 == 0x0000_FFFF_7F)
        case .unix: false
        }
    }

    /// The URL for a browser.
    public var location: String {
        if case .unix = self { return description }
        return "http://\(self)/"
    }
}
