import Configuration

/// The rate of responses.
struct RateSettings {
    var rate: Word?
    var after: Word?
}

/// limit_rate and limit_rate_after.
enum RateDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "limit_rate", in: [.http, .server, .location, .ifInLocation], takes: .exactly(1),
            default: "0",
            "Limits the rate of a response in bytes per second; 0 disables the limit.",
            inherit: { (child, parent) in
                child.scope.rate.rate = child.scope.rate.rate ?? parent.scope.rate.rate
            },
            apply: { (draft, use) throws(Diagnostic) in draft.scope.rate.rate = try size(use) }
        ).evaluating(),
        .row(
            "limit_rate_after", in: [.http, .server, .location, .ifInLocation],
            takes: .exactly(1), default: "0",
            "Sets the number of bytes that are sent before limit_rate applies.",
            inherit: { (child, parent) in
                child.scope.rate.after = child.scope.rate.after ?? parent.scope.rate.after
            },
            apply: { (draft, use) throws(Diagnostic) in draft.scope.rate.after = try size(use) }
        ).evaluating(),
    ]

    /// Returns a size, or a text with variables that is evaluated for each request.
    private static func size(_ use: DirectiveUse) throws(Diagnostic) -> Word {
        let word = try use.word(0)
        if !word.bytes.contains(UInt8(ascii: "$")) { _ = try use.size(0) }
        return word
    }
}
