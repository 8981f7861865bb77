import Configuration

/// Access control by password.
struct AuthBasicSettings: Hashable {
    /// The realm; `off` for none.
    var realm: Word?
    var userFile: Word?
    var delayMs: Int?
}

/// auth_basic, auth_basic_user_file, auth_delay.
enum AuthBasicDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "auth_basic", in: [.http, .server, .location, .limitExcept], takes: .exactly(1),
            default: "off", "Asks for a user and a password; its value is what they are for.",
            inherit: { (child, parent) in
                child.scope.authBasic.realm =
                    child.scope.authBasic.realm ?? parent.scope.authBasic.realm
            },
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.authBasic.realm = try use.word(0)
            }
        ).evaluating(),
        .row(
            "auth_basic_user_file", in: [.http, .server, .location, .limitExcept],
            takes: .exactly(1), "The file of users and their passwords' hashes.",
            inherit: { (child, parent) in
                child.scope.authBasic.userFile =
                    child.scope.authBasic.userFile ?? parent.scope.authBasic.userFile
            },
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.authBasic.userFile = try use.word(0)
            }
        ).evaluating()
            .differing(
                "where a hash is slow, 64 requests of a client wait for a check at most (503), and "
                    + "none waits longer than a minute (500); nginx holds all others meanwhile."),
        .milliseconds(
            "auth_delay", in: .httpServerLocation, sets: \.scope.authBasic.delayMs,
            default: "0s", "How long an answer 401 is held back."),
    ]
}
