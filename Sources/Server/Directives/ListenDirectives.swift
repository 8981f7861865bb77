import Configuration

/// One `listen` directive.
struct ListenDraft {
    var address: ListenAddress
    var options = ListenOptions()
    var isDefaultServer = false
    /// Whether it says anything about the socket itself.
    var setsSocketOptions = false
    var place: Place?
}

/// Where a server listens, and for which names.
enum ListenDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "listen", in: .server, takes: .atLeast(1), repeats: .yes, default: "*:80",
            "An address and port, or a unix socket, that the server listens on."
        ) { (draft, use) throws(Diagnostic) in
            let listen = try listen(use)
            if draft.server.listens.contains(where: { $0.address == listen.address }) {
                throw use.fail(
                    "a duplicate listen \(listen.address.description)", at: 0,
                    help: ["a server names each address once"])
            }
            draft.server.listens.append(listen)
        },
        .row(
            "server_name", in: .server, takes: .atLeast(1), repeats: .yes, default: "\"\"",
            "The names of the server: exact, with a leading or a trailing wildcard."
        ) { (draft, use) throws(Diagnostic) in
            draft.server.names += use.arguments
            for word in use.arguments where word.bytes.first == UInt8(ascii: "~") {
                draft.variables.declareCaptures(of: Array(word.bytes.dropFirst()))
            }
        },
    ]

    private static func listen(_ use: DirectiveUse) throws(Diagnostic) -> ListenDraft {
        let text = try use.text(0)
        var listen: ListenDraft
        do {
            listen = ListenDraft(address: try ListenAddress.parse(text), place: use.place)
        } catch {
            throw use.fail(error.description, at: 0)
        }
        for index in use.arguments.indices.dropFirst() {
            try takeParameter(use, index, into: &listen)
        }
        return listen
    }

    private static func takeParameter(
        _ use: DirectiveUse, _ index: Int, into listen: inout ListenDraft
    ) throws(Diagnostic) {
        let parameter = try use.text(index)
        switch parameter {
        case "default_server", "default":
            listen.isDefaultServer = true
            return
        case "bind": break
        case "reuseport": listen.options.isReusePort = true
        case "deferred": listen.options.isDeferred = true
        case "ipv6only=on", "ipv6only=off":
            guard case .ipv6 = listen.address else {
                throw use.fail(
                    "ipv6only is not supported on addr \"\(listen.address.description)\"", at: index
                )
            }
            listen.options.isIPv6Only = parameter == "ipv6only=on"
        case "ssl", "quic", "http2", "spdy", "proxy_protocol":
            throw use.fail(
                "the \"\(parameter)\" parameter is not supported", at: index,
                help: [
                    "apus speaks HTTP/1.1 without TLS; put a TLS terminator in front of it"
                ])
        default:
            guard try takeNumber(parameter, use, index, into: &listen) else {
                throw use.fail("invalid parameter \"\(parameter)\"", at: index)
            }
        }
        listen.setsSocketOptions = true
    }

    /// `backlog=N`, and socket parameters that are taken but change nothing here.
    private static func takeNumber(
        _ parameter: String, _ use: DirectiveUse, _ index: Int, into listen: inout ListenDraft
    ) throws(Diagnostic) -> Bool {
        if parameter.hasPrefix("backlog=") {
            guard let backlog = Int32(parameter.dropFirst(8)), backlog > 0 || backlog == -1 else {
                throw use.fail("invalid backlog \"\(parameter)\"", at: index)
            }
            listen.options.backlog = backlog
            return true
        }
        let idle = [
            "rcvbuf=", "sndbuf=", "so_keepalive=", "fastopen=", "setfib=", "accept_filter=",
        ]
        return idle.contains { parameter.hasPrefix($0) }
    }
}
