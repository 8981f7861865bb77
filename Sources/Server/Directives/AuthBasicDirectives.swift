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
            default: "off", "Requires a user name and a password; the value is the realm.",
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
            takes: .exactly(1), "Sets the file with user names and password hashes.",
            inherit: { (child, parent) in
                child.scope.authBasic.userFile =
                    child.scope.authBasic.userFile ?? parent.scope.authBasic.userFile
            },
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.authBasic.userFile = try use.word(0)
            }
        ).evaluating()
            .differing(
                "For slow hashes, at most 64 requests of a client wait for a check (others get "
                    + "503), and none waits longer than a minute (500); nginx blocks all other "
                    + "requests meanwhile."),
        .milliseconds(
            "auth_delay", in: .httpServerLocation, sets: \.scope.authBasic.delayMs,
            default: "0s", "Delays responses with 401."),
    ]
}
