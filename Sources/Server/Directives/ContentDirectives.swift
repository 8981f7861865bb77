import Configuration
import Files

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

/// Directory listings.
struct AutoindexSettings {
    var isOn: Bool?
    var exactSize: Bool?
    var localTime: Bool?
    var format: DirectoryListing.Format?
    var sorts: Bool?
}

/// autoindex.
enum AutoindexDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "autoindex", in: .httpServerLocation, sets: \.scope.autoindex.isOn, default: "off",
            "Lists directories without an index file."),
        .choice(
            "autoindex_format", in: .httpServerLocation, sets: \.scope.autoindex.format,
            [("html", .html), ("json", .json), ("jsonp", .jsonp), ("xml", .xml)],
            default: "html", "Sets the format of listings: html, xml, json or jsonp."),
        .flag(
            "autoindex_exact_size", in: .httpServerLocation, sets: \.scope.autoindex.exactSize,
            default: "on", "Shows sizes in listings in bytes instead of K, M and G."),
        .flag(
            "autoindex_localtime", in: .httpServerLocation, sets: \.scope.autoindex.localTime,
            default: "off", "Shows times in listings in local time instead of UTC."),
        .flag(
            "autoindex_sort", in: .httpServerLocation, sets: \.scope.autoindex.sorts,
            default: "off",
            "Sorts listings by the query (C=N, S or M; O=A or D); specific to apus."),
    ]
}

/// A random file of a directory.
struct RandomIndexSettings {
    var isOn: Bool?
}

/// random_index.
enum RandomIndexDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "random_index", in: .location, sets: \.scope.randomIndex.isOn, default: "off",
            "Responds to a path that ends in a slash with a random file of that directory.")
    ]
}

/// A GIF of one pixel.
struct EmptyGifSettings {
    var isOn = false
}

/// empty_gif.
enum EmptyGifDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        // As in nginx, nested locations do not inherit it.
        .row(
            "empty_gif", in: .location, takes: .exactly(0), repeats: .yes,
            "Responds with a transparent GIF of one pixel."
        ) { (draft, _) throws(Diagnostic) in draft.scope.emptyGif.isOn = true }
    ]
}

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
