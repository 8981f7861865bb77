import Configuration

/// Responses about the server itself.
struct StubStatusSettings {
    var isStub: Bool?
}

/// stub_status.
enum StubStatusDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "stub_status", in: [.server, .location], takes: .oneOf([0, 1]),
            "Responds with the numbers of connections and requests of all workers."
        ) { (draft, _) throws(Diagnostic) in
            // nginx ignores its argument, `stub_status on` in old files.
            draft.scope.status.isStub = true
            draft.countsConnections = true
        }
    ]
}
