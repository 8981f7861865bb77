import Linux

/// The address of a `listen` directive.
public enum ListenAddress: Hashable, Sendable {
    /// An IPv4 address, the first byte most significant (127.0.0.1 is 0x7F000001), and a port.
    case ipv4(UInt32, port: UInt16)
    /// An IPv6 address in two halves, the first byte most significant, and a port.
    case ipv6(UInt64, UInt64, port: UInt16)
    /// A path in the file system.
    case unix(String)

    /// `unix:` and the path of a unix socket; empty for other addresses.
    var socketName: String {
        if case .unix(let path) = self { return "unix:" + path }
        return ""
    }
}

/// The parameters of a `listen` directive that concern the socket.
public struct ListenOptions: Equatable, Sendable {
    /// `backlog=`.
    public var backlog: Int32 = 511
    /// `reuseport`: a socket for each worker.
    public var isReusePort = false
    /// `ipv6only=`, on by default.
    public var isIPv6Only = true
    /// `deferred`: TCP_DEFER_ACCEPT.
    public var isDeferred = false
    /// TCP_NODELAY, inherited by the connections.
    public var isNoDelay = true
    /// `rcvbuf=`, bytes.
    public var receiveBuffer: Int?
    /// `sndbuf=`, bytes.
    public var sendBuffer: Int?
    /// `fastopen=`: the length of TCP Fast Open's queue.
    public var fastOpenQueue: Int?
    /// `so_keepalive=`; nil for the system's default.
    public var keepalive: SocketKeepalive?

    /// Creates nginx's defaults.
    public init() {}
}

/// `so_keepalive=`: probes on idle connections, tcp(7). 0 is the system's default.
public struct SocketKeepalive: Equatable, Sendable {
    /// Whether probes are sent.
    public var isOn = true
    /// The seconds before the first probe.
    public var idleSeconds = 0
    /// The seconds between probes.
    public var intervalSeconds = 0
    /// The number of unanswered probes before the connection is closed.
    public var count = 0
}

/// The reason that the first argument of `listen` is not an address, in nginx's words; the
/// description quotes the argument.
public enum ListenAddressError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The part before the colon is empty.
    case noHost(String)
    /// The port is not a number from 1 to 65535.
    case invalidPort(String)
    /// A range such as `8000-8010` instead of one address.
    case portRange(String)
    /// The host is neither a numeric address nor `localhost` nor `*`.
    case hostNotLiteral(String)
    /// The text in brackets is not an IPv6 address.
    case invalidIPv6(String)
    /// A bracket is missing, or text follows the address.
    case invalidHost(String)
    /// `unix:` without a path.
    case noPath(String)
    /// The path is longer than the kernel accepts: 107 bytes.
    case pathTooLong(String)

    /// The message: `invalid port in "0" of the "listen" directive`.
    public var description: String {
        let advice = advice.map { ": \($0)" } ?? ""
        return "\(parts.fault) in \"\(parts.text)\" of the \"listen\" directive\(advice)"
    }

    /// The reason without the argument and the directive: `invalid port`.
    public var reason: String { parts.fault }

    /// The reason and the remedy, without the argument and the directive: `invalid port: a port is
    /// a number from 1 to 65535`; for missing brackets, the remedy alone.
    public var explanation: String {
        if let advice = ListenAddressError.bracketAdvice(parts.text) { return advice }
        return parts.fault + (advice.map { ": \($0)" } ?? "")
    }

    /// The remedy, if the argument shows what was meant.
    private var advice: String? {
        let text = parts.text
        if let advice = ListenAddressError.bracketAdvice(text) { return advice }
        switch self {
        case .noHost:
            return text.isEmpty ? nil : "write *\(text) for all IPv4 addresses"
        case .invalidPort: return "a port is a number from 1 to 65535"
        case .portRange: return "a single port is required here"
        case .hostNotLiteral: return "names are not looked up, write the address"
        case .invalidIPv6:
            return LiteralAddress.ipv4(String(text.dropFirst().prefix { $0 != "]" })) == nil
                ? nil : "an IPv4 address is written without brackets"
        case .invalidHost:
            if text.hasPrefix("http:") || text.hasPrefix("https:") {
                return "write the address without \"http://\""
            }
            if text.hasPrefix("/") { return "a unix socket is written as unix:\(text)" }
            return nil
        case .noPath: return "write it after the colon, as in unix:/run/apus.sock"
        case .pathTooLong: return "the kernel accepts at most 107 bytes"
        }
    }

    /// Returns the advice on the brackets of an IPv6 address; nil if they are not at fault.
    private static func bracketAdvice(_ text: String) -> String? {
        let bare = text.filter { $0 != "[" && $0 != "]" }
        if text.contains("%"), text.filter({ $0 == ":" }).count > 1 {
            return "an address with a zone, such as %eth0, is not supported"
        }
        if !text.contains("["), !text.contains("]") {
            guard bare.filter({ $0 == ":" }).count > 1 else { return nil }
            guard let colon = bare.lastIndex(of: ":"), LiteralAddress.ipv6(bare) != nil else {
                return nil
            }
            let (host, port) = (bare[..<colon], bare[bare.index(after: colon)...])
            let whole = "an IPv6 address is written in brackets: [\(bare)]"
            guard LiteralAddress.ipv6(String(host)) != nil, UInt16(port) != nil else {
                return whole
            }
            return whole + ", or [\(host)]:\(port) if \(port) is the port"
        }
        if text.hasPrefix("["), !text.contains("]") { return "the closing bracket is missing" }
        if !text.contains("["), text.contains("]") { return "the opening bracket is missing" }
        guard text.hasPrefix("["), let end = text.firstIndex(of: "]") else { return nil }
        let rest = text[text.index(after: end)...]
        if !rest.isEmpty, !rest.hasPrefix(":") {
            return "a colon goes between the closing bracket and the port"
        }
        return nil
    }

    private var parts: (fault: String, text: String) {
        switch self {
        case .noHost(let text): ("no host", text)
        case .invalidPort(let text): ("invalid port", text)
        case .portRange(let text): ("a range of ports", text)
        case .hostNotLiteral(let text): ("host not found", text)
        case .invalidIPv6(let text): ("invalid IPv6 address", text)
        case .invalidHost(let text): ("invalid host", text)
        case .noPath(let text): ("no path in the unix domain socket", text)
        case .pathTooLong(let text): ("too long path in the unix domain socket", text)
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    /// The port of an address without one.
    public static let defaultPort: UInt16 = 80

    /// The address as nginx formats it: `0.0.0.0:80`, `[::]:80`, `unix:/path`.
    public var description: String {
        switch self {
        case .ipv4(let address, let port): "\(LiteralAddress.text(ipv4: address)):\(port)"
        case .ipv6(let high, let low, let port): "[\(LiteralAddress.text(ipv6: high, low))]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Parses the first argument of nginx's `listen`: `80`, `*:80`, `127.0.0.1:80`, `127.0.0.1`,
    /// `localhost:80`, `[::]:80`, `[::1]`, `unix:/path`. Names other than `localhost` are refused.
    public static func parse(_ text: String) throws(ListenAddressError) -> ListenAddress {
        let all = try parseAll(text)
        guard all.count == 1 else { throw .portRange(text) }
        return all[0]
    }

    /// Parses an argument in which a range of ports such as `8000-8003` stands for several
    /// addresses.
    public static func parseAll(
        _ text: String
    ) throws(ListenAddressError) -> [ListenAddress] {
        if text.lowercased().hasPrefix("unix:") { return try parseUnix(text) }
        if text.hasPrefix("[") { return try parseIPv6(text) }
        if text.contains("/") { throw .invalidHost(text) }
        guard let colon = text.firstIndex(of: ":") else { return try parseHostOrPort(text) }
        let ports = try parsePorts(text[text.index(after: colon)...], of: text)
        let host = try parseHost(text[..<colon], of: text)
        return ports.map { .ipv4(host, port: $0) }
    }

    private static func parseUnix(_ text: String) throws(ListenAddressError) -> [ListenAddress] {
        let path = text.dropFirst("unix:".count)
        if path.isEmpty { throw .noPath(text) }
        if path.utf8.count > 107 { throw .pathTooLong(text) }
        return [.unix(String(path))]
    }

    private static func parseIPv6(_ text: String) throws(ListenAddressError) -> [ListenAddress] {
        guard let bracket = text.firstIndex(of: "]") else { throw .invalidHost(text) }
        let rest = text[text.index(after: bracket)...]
        var ports = defaultPort...defaultPort
        if !rest.isEmpty {
            guard rest.hasPrefix(":") else { throw .invalidHost(text) }
            ports = try parsePorts(rest.dropFirst(), of: text)
        }
        let literal = String(text[..<bracket].dropFirst())
        guard let address = LiteralAddress.ipv6(literal) else { throw .invalidIPv6(text) }
        return ports.map { .ipv6(address.high, address.low, port: $0) }
    }

    /// Parses an address whose digits alone are a port, as in nginx.
    private static func parseHostOrPort(
        _ text: String
    ) throws(ListenAddressError) -> [ListenAddress] {
        let isNumeric = text.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "-") }
        guard isNumeric && !text.isEmpty else {
            return [.ipv4(try parseHost(text[...], of: text), port: defaultPort)]
        }
        return try parsePorts(text[...], of: text).map { .ipv4(0, port: $0) }
    }

    private static func parseHost(
        _ host: Substring, of text: String
    ) throws(ListenAddressError) -> UInt32 {
        if host.isEmpty { throw .noHost(text) }
        if host == "*" { return 0 }
        if host.lowercased() == "localhost" { return 0x7F00_0001 }
        guard let address = LiteralAddress.ipv4(String(host)) else {
            // Digits alone before a colon: nginx parses `80:` as a port followed by text.
            throw host.utf8.allSatisfy(isDigit) ? .invalidPort(text) : .hostNotLiteral(text)
        }
        return address
    }

    /// Parses `80`, or `8000-8003`.
    private static func parsePorts(
        _ text: Substring, of whole: String
    ) throws(ListenAddressError) -> ClosedRange<UInt16> {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(parsePort)
        switch (ends.count, ends.first ?? nil, ends.last ?? nil) {
        case (1, let port?, _): return port...port
        case (2, let first?, let last?) where first <= last: return first...last
        default: throw .invalidPort(whole)
        }
    }

    private static func parsePort(_ digits: Substring) -> UInt16? {
        guard !digits.isEmpty, digits.utf8.allSatisfy(isDigit), let port = UInt16(digits), port > 0
        else { return nil }
        return port
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
