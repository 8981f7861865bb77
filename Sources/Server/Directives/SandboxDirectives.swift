import Configuration

/// The restrictions of workers: directives of apus.
enum SandboxDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "sandbox", in: .main, takes: .exactly(1), default: "on",
            "Restricts the rights of workers with Landlock and seccomp: on, off or require."
        ) { (draft, use) throws(Diagnostic) in
            guard let mode = SandboxMode(rawValue: try use.text(0)) else {
                throw use.fail(
                    "invalid value \"\(try use.text(0))\" in \"sandbox\" directive", at: 0,
                    help: ["it must be \"on\", \"off\" or \"require\""])
            }
            draft.main.sandbox = mode
        },
        .row(
            "sandbox_read", in: .main, takes: .atLeast(1), repeats: .yes,
            "Restricts reading by workers to these files and directories."
        ) { (draft, use) throws(Diagnostic) in
            for index in use.arguments.indices {
                let path = try use.text(index)
                guard !path.isEmpty else { throw use.fail("the path is empty", at: index) }
                draft.main.sandboxRead = (draft.main.sandboxRead ?? []) + [path]
            }
        },
    ]
}
