import Configuration

/// One address of a `listen` directive.
struct ListenDraft {
    var address: ListenAddress
    var options = ListenOptions()
    var isDefaultServer = false
    /// True if it has options of the socket itself.
    var setsSocketOptions = false
    /// `proxy_protocol`
    var readsProxyHeader = false
    var place: Place?
}

/// The addresses and names of a server.
enum ListenDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "listen", in: .server, takes: .atLeast(1), repeats: .yes, default: "*:80",
            "Sets an address and port, a range of ports, or a unix socket for the server."
        ) { (draft, use) throws(Diagnostic) in
            let listens = try listens(use)
            let known = Set(draft.server.listens.map(\.address))
            if let again = listens.first(where: { known.contains($0.address) }) {
                throw use.fail(
                    "a duplicate listen \(again.address.description)", at: 0,
                    help: ["each address is allowed once per server"])
            }
            draft.server.listens += listens
        }.differing(
            "Host names are refused, except localhost, which is 127.0.0.1; ssl and quic are "
                + "errors; accept_filter, multipath and http2 have no effect."),
        .row(
            "server_name", in: .server, takes: .atLeast(1), repeats: .yes, default: "\"\"",
            "Sets the names of the server: exact, with a leading or a trailing wildcard, or a "
                + "regular expression."
        ) { (draft, use) throws(Diagnostic) in
            for index in use.arguments.indices { try checkName(use, index, in: &draft) }
            draft.server.names += use.arguments
            for word in use.arguments where word.bytes.first == UInt8(ascii: "~") {
                draft.variables.declareCaptures(of: Array(word.bytes.dropFirst()))
            }
        },
    ]

    /// Checks names, which are refused even in the only server if they are invalid
    /// (ngx_http_core_server_name).
    private static func checkName(
        _ use: DirectiveUse, _ index: Int, in draft: inout Draft
    ) throws(Diagnostic) {
        let word = try use.word(index)
        let (star, dot) = (UInt8(ascii: "*"), UInt8(ascii: "."))
        let name = word.bytes
        if name.first == dot && name.count < 2
            || name.first == star && (name.count < 3 || name[1] != dot)
        {
            throw use.fail("server name \"\(word.text)\" is invalid", at: index)
        }
        if name == [UInt8(ascii: "~")] {
            throw use.fail("empty regex in server name \"~\"", at: index)
        }
        if name.contains(UInt8(ascii: "/")) {
            draft.warnings.append(
                Diagnostic(
                    .warning, "server name \"\(word.text)\" has suspicious symbols",
                    at: word.place, length: word.length))
        }
    }

    private static func listens(_ use: DirectiveUse) throws(Diagnostic) -> [ListenDraft] {
        let text = try use.text(0)
        let addresses: [ListenAddress]
        do throws(ListenAddressError) {
            addresses = try ListenAddress.parseAll(text)
        } catch {
            throw use.fail(error.description, at: 0)
        }
        var listen = ListenDraft(address: addresses[0], place: use.place)
        for index in use.arguments.indices.dropFirst() {
            try parseParameter(use, index, into: &listen)
        }
        return addresses.map { address in
            var one = listen
            one.address = address
            return one
        }
    }

    private static func parseParameter(
        _ use: DirectiveUse, _ index: Int, into listen: inout ListenDraft
    ) throws(Diagnostic) {
        let parameter = try use.text(index)
        switch parameter {
        case "default_server", "default":
            listen.isDefaultServer = true
            return
        case "proxy_protocol":
            listen.readsProxyHeader = true
            return
        case "http2", "spdy", "multipath":
            return
        case "bind": break
        case "reuseport": listen.options.isReusePort = true
        case "deferred": listen.options.isDeferred = true
        case "ssl", "quic", "http3":
            throw use.fail(
                "the \"\(parameter)\" parameter is refused: apus serves files over HTTP/1.1 in "
                    + "clear text", at: index, help: [RefusedDirectives.endTLSInFront])
        default:
            guard let equals = parameter.firstIndex(of: "=") else {
                throw use.fail("invalid parameter \"\(parameter)\"", at: index)
            }
            let name = String(parameter[..<equals])
            let value = String(parameter[parameter.index(after: equals)...])
            if name == "accept_filter" { return }
            if name == "setfib" {
                throw use.fail(
                    "invalid parameter \"\(parameter)\"", at: index,
                    help: ["Linux has no routing tables by socket: remove it, or use ip rule"])
            }
            try parseValue(name, value, use, index, into: &listen)
        }
        listen.setsSocketOptions = true
    }

    /// Parses a socket option with a value after `=`.
    private static func parseValue(
        _ name: String, _ value: String, _ use: DirectiveUse, _ index: Int,
        into listen: inout ListenDraft
    ) throws(Diagnostic) {
        func required<Value>(_ value: Value?) throws(Diagnostic) -> Value {
            guard let value else {
                throw use.fail("invalid \(name) \"\(try use.text(index))\"", at: index)
            }
            return value
        }
        let bytes = Array(value.utf8)
        switch name {
        case "backlog":
            listen.options.backlog = try required(Int32(value).flatMap { $0 > 0 ? $0 : nil })
        case "fastopen":
            listen.options.fastOpenQueue = try required(NginxSize.integer(bytes[...]))
        case "rcvbuf": listen.options.receiveBuffer = try required(NginxSize.size(bytes))
        case "sndbuf": listen.options.sendBuffer = try required(NginxSize.size(bytes))
        case "so_keepalive": listen.options.keepalive = try required(keepalive(value))
        case "ipv6only":
            guard case .ipv6 = listen.address else {
                throw use.fail(
                    "ipv6only is not supported on addr \"\(listen.address.description)\"", at: index
                )
            }
            listen.options.isIPv6Only = try required(["on": true, "off": false][value])
        default:
            throw use.fail("invalid parameter \"\(try use.text(index))\"", at: index)
        }
    }

    /// Parses `on`, `off`, or `idle:interval:count`, of which two may be omitted.
    private static func keepalive(_ value: String) -> SocketKeepalive? {
        var keepalive = SocketKeepalive()
        if value == "on" { return keepalive }
        if value == "off" {
            keepalive.isOn = false
            return keepalive
        }
        let parts = value.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        for (index, part) in parts.enumerated() where !part.isEmpty {
            let bytes = Array(part.utf8)
            let number = index == 2 ? NginxSize.integer(bytes[...]) : NginxTime.seconds(bytes)
            guard let number else { return nil }
            switch index {
            case 0: keepalive.idleSeconds = number
            case 1: keepalive.intervalSeconds = number
            default: keepalive.count = number
            }
        }
        let numbers = [keepalive.idleSeconds, keepalive.intervalSeconds, keepalive.count]
        return numbers.contains { $0 > 0 } ? keepalive : nil
    }
}
