import Files
import HTTP

/// The servers of one address by their names, which are in lower case.
struct VirtualHosts: BitwiseCopyable {
    /// The default server, for hosts that match no name.
    var defaultServer: Int32
    /// Exact names, sorted.
    var exact: PlanTable<NamedIndex>
    /// The parts after the `*` of `*.example.com`, with the dot, sorted.
    var leading: PlanTable<NamedIndex>
    /// The parts before the `*` of `www.example.*`, with the dot, sorted.
    var trailing: PlanTable<NamedIndex>
    /// Regular expressions in the order of the file.
    var regexes: PlanTable<ServerRegex>

    /// True if there is more than one server to select from.
    var hasNames: Bool
    /// `unix:` and the path of a unix socket, as in `$server_addr`; empty for other addresses.
    var socketName: PlanBytes
    /// `proxy_protocol`: a PROXY protocol header precedes the first request of a connection.
    var readsProxyHeader: Bool
}

/// A name that is a regular expression (`~`).
struct ServerRegex: BitwiseCopyable {
    var regex: Int32
    var server: Int32
}

/// The rule that selected a server.
enum NameRule: UInt8, BitwiseCopyable {
    case onlyServer, exact, leadingWildcard, trailingWildcard, regex, defaultServer
}

extension Plan {
    /// Selects the server of a host in lower case, in nginx's order: the exact name, the longest
    /// wildcard at the beginning, the longest at the end, the first regular expression, the
    /// default. Also returns the regular expression, or -1, and the rule.
    func server(
        for host: Span<UInt8>, at address: VirtualHosts
    ) -> (server: Int32, regex: Int32, rule: NameRule) {
        if let server = address.exact.index(of: host) { return (server, -1, .exact) }
        if let server = leadingWildcard(host, address) { return (server, -1, .leadingWildcard) }
        if let server = trailingWildcard(host, address) { return (server, -1, .trailingWildcard) }
        // nginx does not match regular expressions against the empty name of a request without
        // Host.
        var index = host.isEmpty ? address.regexes.count : 0
        while index < address.regexes.count {
            let candidate = address.regexes[index]
            if regexes[Int(candidate.regex)].matches(host) == .match {
                return (candidate.server, candidate.regex, .regex)
            }
            index &+= 1
        }
        return (address.defaultServer, -1, .defaultServer)
    }

    private func leadingWildcard(_ host: Span<UInt8>, _ address: VirtualHosts) -> Int32? {
        guard !address.leading.isEmpty else { return nil }
        // nginx accepts a host that begins with a dot: `.example.com` matches *.example.com.
        var position = 0
        while position < host.count {
            if host[position] == UInt8(ascii: "."),
                let server = address.leading.index(of: host.slice(from: position, to: host.count))
            {
                return server
            }
            position &+= 1
        }
        return nil
    }

    private func trailingWildcard(_ host: Span<UInt8>, _ address: VirtualHosts) -> Int32? {
        guard !address.trailing.isEmpty else { return nil }
        var position = host.count &- 2
        while position > 0 {
            if host[position] == UInt8(ascii: "."),
                let server = address.trailing.index(of: host.slice(from: 0, to: position &+ 1))
            {
                return server
            }
            position &-= 1
        }
        return nil
    }
}
