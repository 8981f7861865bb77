import Configuration

/// Files that are tried before the content phase.
struct TryFilesSettings {
    /// The names; not inherited by nested levels, as in nginx.
    var files: TryFilesDraft?
}

/// `try_files`: names, and the last argument.
struct TryFilesDraft {
    let names: [Word]
    let fallback: Word
    /// The status if the last argument is `=code`.
    let status: Int?
}

/// try_files.
enum TryFilesDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "try_files", in: [.server, .location], takes: .atLeast(2),
            "Serves the first of several files that exists, or redirects internally to the last "
                + "argument."
        ) { (draft, use) throws(Diagnostic) in
            let last = try use.word(use.arguments.count - 1)
            var status: Int?
            if last.bytes.first == UInt8(ascii: "=") {
                guard let code = NginxSize.integer(last.bytes.dropFirst()), code <= 999 else {
                    throw use.fail(
                        "invalid code \"\(last.text)\"", at: use.arguments.count - 1)
                }
                // As in nginx, =0 is a name like any other.
                status = code > 0 ? code : nil
            }
            draft.scope.tryFiles.files = TryFilesDraft(
                names: Array(use.arguments.dropLast()), fallback: last, status: status)
        }
    ]
}
