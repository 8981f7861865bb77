import Configuration

/// Texts added before and after a body.
struct AdditionSettings: Equatable {
    var before: [UInt8]?
    var after: [UInt8]?
    var types: [String]?

    /// True if there is something to add.
    var isOn: Bool { before?.isEmpty == false || after?.isEmpty == false }
}

/// add_before_body and add_after_body.
enum AdditionDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "add_before_body", in: .httpServerLocation, takes: .exactly(1),
            "Sends the response to this path of the same server before the body.",
            inherit: DirectiveRow.inheriting(\.scope.addition.before),
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.addition.before = try use.bytes(0)
            }),
        .row(
            "add_after_body", in: .httpServerLocation, takes: .exactly(1),
            "Sends the response to this path of the same server after the body.",
            inherit: DirectiveRow.inheriting(\.scope.addition.after),
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.addition.after = try use.bytes(0)
            }),
        .row(
            "addition_types", in: .httpServerLocation, takes: .atLeast(1), repeats: .yes,
            default: "text/html", "Sets the media types to which bodies are added; * matches all.",
            inherit: DirectiveRow.inheriting(\.scope.addition.types),
            apply: DirectiveRow.addingTypes(to: \.scope.addition.types)),
    ]
}
