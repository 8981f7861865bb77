import Configuration

/// Access control by the client's address.
struct AccessSettings: Hashable {
    /// The rules in the order of the file.
    var rules: [AccessRule]?
    var satisfiesAny: Bool?
}

/// allow, deny, satisfy.
enum AccessDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "allow", in: [.http, .server, .location, .limitExcept], takes: .exactly(1),
            repeats: .yes,
            "Allows access for an address, a network (192.0.2.0/24), unix: or all.",
            inherit: { (child, parent) in
                child.scope.access.rules = child.scope.access.rules ?? parent.scope.access.rules
            },
            apply: { (draft, use) throws(Diagnostic) in
                try addRule(use, denies: false, to: &draft)
            }),
        .row(
            "deny", in: [.http, .server, .location, .limitExcept], takes: .exactly(1),
            repeats: .yes,
            "Denies access with 403. Of allow and deny, the first rule that matches the client "
                + "applies."
        ) { (draft, use) throws(Diagnostic) in
            try addRule(use, denies: true, to: &draft)
        },
        .choice(
            "satisfy", in: .httpServerLocation, sets: \.scope.access.satisfiesAny,
            [("all", false), ("any", true)], default: "all",
            "Requires both the address and the password to be accepted (all), or one of them (any)."
        ),
    ]

    private static func addRule(
        _ use: DirectiveUse, denies: Bool, to draft: inout Draft
    ) throws(Diagnostic) {
        let text = try use.text(0)
        let bytes = try use.bytes(0)
        var hasLowBits = false
        let subject: AccessSubject
        switch text {
        case "all": subject = .all
        case "unix:": subject = .network(.unix)
        default:
            guard let parsed = Network.parse(bytes.span) else {
                throw use.fail(
                    "invalid parameter \"\(text)\"", at: 0,
                    help: [
                        "it must be an address, a network like 192.0.2.0/24, \"unix:\" or "
                            + "\"all\""
                    ])
            }
            subject = .network(parsed.network)
            hasLowBits = parsed.hasLowBits
        }
        let rules = draft.scope.access.rules ?? []
        draft.scope.access.rules = rules + [AccessRule(subject: subject, denies: denies)]
        guard hasLowBits else { return }
        var warning = use.fail("low address bits of \(text) are meaningless", at: 0)
        warning.severity = .warning
        throw warning
    }
}
