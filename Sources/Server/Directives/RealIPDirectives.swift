import Configuration

/// The client's address behind trusted proxies.
struct RealIPSettings {
    var trusted: [Word]?
    var source: RealIPSource?
    var isRecursive: Bool?
}

/// The argument of real_ip_header.
enum RealIPSource: Equatable, Sendable {
    /// All headers with this name, their lists read from the end.
    case forwardedFor
    /// The first header with this name, in lower case.
    case field(String)
    /// The address from the PROXY protocol.
    case proxyProtocol

    init(_ name: String) {
        switch name {
        case "X-Forwarded-For": self = .forwardedFor
        case "proxy_protocol": self = .proxyProtocol
        default: self = .field(name.lowercased())
        }
    }
}

/// set_real_ip_from and related directives.
enum RealIPDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "set_real_ip_from", in: .httpServerLocation, takes: .exactly(1), repeats: .yes,
            "Sets an address or network of proxies that are trusted to send the client's address.",
            inherit: { (child, parent) in
                child.scope.realIP.trusted =
                    child.scope.realIP.trusted ?? parent.scope.realIP.trusted
            },
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.realIP.trusted =
                    (draft.scope.realIP.trusted ?? []) + [try use.word(0)]
            }),
        .row(
            "real_ip_header", in: .httpServerLocation, takes: .exactly(1), default: "X-Real-IP",
            "Sets the header with the client's address, or proxy_protocol.",
            inherit: { (child, parent) in
                child.scope.realIP.source = child.scope.realIP.source ?? parent.scope.realIP.source
            },
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.realIP.source = RealIPSource(try use.text(0))
            }),
        .flag(
            "real_ip_recursive", in: .httpServerLocation, sets: \.scope.realIP.isRecursive,
            default: "off",
            "Skips trusted proxies in the header, up to the last address that is not trusted."),
    ]
}
