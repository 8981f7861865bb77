import Linux

/// What `apus serve` is told on its command line.
public struct ServeOptions: Equatable, Sendable {
    /// The directory to serve, as it was written.
    public var directory = "."
    /// Where to listen: this machine only, unless asked.
    public var address = ListenAddress.ipv4(0x7F00_0001, port: 8000)
    /// `--help`.
    public var showsUsage = false

    /// The defaults.
    public init() {}

    /// Reads a command line; `arguments` begin with `serve`.
    public static func parse(_ arguments: [String]) throws(CommandLineError) -> ServeOptions {
        var options = ServeOptions()
        var port: UInt16?
        var listen: String?
        var directories: [String] = []
        for word in OptionReader.words(arguments, .serve) {
            switch word {
            case .unknown("?"), .option("h", _): options.showsUsage = true
            case .option("p", let text): port = try parsePort(text ?? "")
            case .option(_, let text): listen = text
            case .operand(let name): directories.append(name)
            case .unknown(let name): throw .invalid(name)
            case .lacksArgument("p"): throw .unusable("option \"--port\" requires a number")
            case .lacksArgument: throw .unusable("option \"--listen\" requires an address")
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

    /// The address of `--listen`, whose port is that of `--port`, or 8000, unless it names one.
    private static func address(
        listen: String, port: UInt16?
    ) throws(CommandLineError) -> ListenAddress {
        let named = try parseAddress(listen)
        if case .unix = named {
            guard port == nil else { throw .unusable("--port: a unix socket has no port") }
            return named
        }
        // With a port behind it, an address that names one is none any more.
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
            throw .unusable("--listen \(text): \(error.reason)")
        }
    }
}

extension ListenAddress {
    /// The same address with another port.
    func withPort(_ port: UInt16) -> ListenAddress {
        switch self {
        case .ipv4(let address, _): .ipv4(address, port: port)
        case .ipv6(let high, let low, _): .ipv6(high, low, port: port)
        case .unix: self
        }
    }

    /// Where a browser finds it.
    public var location: String {
        if case .unix = self { return description }
        return "http://\(self)/"
    }
}
