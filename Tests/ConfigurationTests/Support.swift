import Configuration

/// Parses a text as `apus.conf`, with the files that it may include.
func parse(
    _ text: String, files: [String: String] = [:], environment: [String: String] = [:]
) -> ParsedConfiguration {
    parse(bytes: Array(text.utf8), files: files, environment: environment)
}

/// Parses bytes, which need not be UTF-8, as `apus.conf`.
func parse(
    bytes: [UInt8], files: [String: String] = [:], environment: [String: String] = [:]
) -> ParsedConfiguration {
    parse(
        main: "apus.conf",
        environment: { name in environment[name].map { Array($0.utf8) } },
        load: { path in
            if path == "apus.conf" { return .success(LoadedFile(name: path, bytes: bytes)) }
            guard let text = files[path] else {
                return .failure(LoadFailure("No such file or directory"))
            }
            return .success(LoadedFile(name: path, bytes: Array(text.utf8)))
        },
        glob: { pattern in
            let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
            return files.keys.filter {
                $0.hasPrefix(parts[0]) && $0.hasSuffix(parts[parts.count - 1])
            }.sorted()
        })
}

/// Returns a tree as one line: words in brackets, followed by `;` or braces.
func outline(_ tree: [Directive]) -> String {
    tree.map { directive in
        let words = ([directive.name] + directive.arguments).map { "[\($0.text)]" }.joined()
        return words + (directive.block.map { "{" + outline($0) + "}" } ?? ";")
    }.joined()
}

/// Returns the rendered diagnostics of a text.
func parseErrors(
    _ text: String, files: [String: String] = [:], environment: [String: String] = [:]
) -> String {
    let parsed = parse(text, files: files, environment: environment)
    return parsed.diagnostics.map { $0.render(in: parsed.sources) }.joined(separator: "\n")
}

/// A small draft of settings with a stack of levels, like the server's.
struct Draft: Equatable {
    struct Level: Equatable {
        var name = "main"
        var root: String?
        var isGzip: Bool?
        var timeoutMs: Int?
        var expiresSeconds: Int?
        var sizeBytes: Int?
        var bodyBytes: Int?
        var requests: Int?
        var satisfy: Satisfy?
        var headers: [String] = []
    }

    enum Satisfy { case all, any }

    var levels = [Level()]
    var closed: [Level] = []
    var types: [String: String] = [:]

    var level: Level {
        get { levels[levels.count - 1] }
        set { levels[levels.count - 1] = newValue }
    }

    mutating func open(_ name: String) { levels.append(Level(name: name)) }
    mutating func close() { closed.append(levels.removeLast()) }
}

/// A few of nginx's directives.
let table = DirectiveTable<Draft>([
    .block(
        "http", in: .main, takes: .exactly(0), opens: .http, repeats: .no, "Serves HTTP.",
        apply: { (draft, _) in draft.open("http") }, close: { (draft, _) in draft.close() }),
    .block(
        "server", in: .http, takes: .exactly(0), opens: .server, "A server.",
        apply: { (draft, _) in draft.open("server") }, close: { (draft, _) in draft.close() }),
    .block(
        "location", in: [.server, .location], takes: .between(1, 2), opens: .location, "A place.",
        apply: { (draft, use) throws(Diagnostic) in
            let path = try use.text(0)
            if path == "bad" { throw use.fail("invalid location \"bad\"", at: 0) }
            draft.open(path)
        }, close: { (draft, _) in draft.close() }),
    .block(
        "if", in: .server, takes: .atLeast(1), opens: .ifInServer, "A condition.",
        apply: { (draft, _) in draft.open("if in server") },
        close: { (draft, _) in draft.close() }),
    .block(
        "if", in: .location, takes: .atLeast(1), opens: .ifInLocation, "A condition.",
        apply: { (draft, _) in draft.open("if in location") },
        close: { (draft, _) in draft.close() }),
    .rawBlock(
        "types", in: .httpServerLocation, takes: .exactly(0), "MIME types.",
        apply: { (draft, use) throws(Diagnostic) in
            for row in use.rows {
                let row = use.use(ofRow: row)
                draft.types[try row.text(0)] = row.name
            }
        }),
    .row(
        "listen", in: .server, takes: .atLeast(1), repeats: .yes, "Where to listen.",
        apply: { (_, _) in }),
    .row(
        "index", in: .httpServerLocation, takes: .atLeast(1), "Index files.",
        apply: { (_, _) in }),
    .row(
        "return", in: [.server, .location, .ifInServer, .ifInLocation], takes: .oneOf([1, 2]),
        repeats: .yes, "Sends a response.", apply: { (_, _) in }),
    .row(
        "add_header", in: .httpServerLocation.union(.ifInLocation), takes: .between(2, 3),
        repeats: .yes, "Adds a field.",
        inherit: { (child, parent) in
            if child.level.headers.isEmpty { child.level.headers = parent.level.headers }
        },
        apply: { (draft, use) throws(Diagnostic) in
            draft.level.headers.append(try use.text(0))
        }),
    .text("root", in: .httpServerLocation, sets: \.level.root, default: "html", "The root."),
    .flag(
        "gzip", in: .httpServerLocation, sets: \.level.isGzip, default: "off", "Compresses."),
    .milliseconds(
        "send_timeout", in: .httpServerLocation, sets: \.level.timeoutMs, default: "60s",
        "How long."),
    .seconds("expires", in: .httpServerLocation, sets: \.level.expiresSeconds, "How fresh."),
    .size(
        "output_buffers", in: .httpServerLocation, sets: \.level.sizeBytes, default: "32k",
        "How large."),
    .offset(
        "client_max_body_size", in: .httpServerLocation, sets: \.level.bodyBytes, default: "1m",
        "How large."),
    .integer(
        "keepalive_requests", in: .httpServerLocation, sets: \.level.requests, default: "1000",
        "How many."),
    .choice(
        "satisfy", in: .httpServerLocation, sets: \.level.satisfy, [("all", .all), ("any", .any)],
        default: "all", "All or any."),
    .ignored(
        "resolver", in: .httpServerLocation, takes: .atLeast(1), of: "core",
        "nothing is looked up"),
    .ignored("upstream", in: .http, takes: .exactly(1), opens: .upstream, "nothing is passed on"),
    .ignored("server", in: .upstream, takes: .atLeast(1), "nothing is passed on"),
    .refused("proxy_pass", in: .location, "Passes on.", advice: "remove it"),
    .refused("ssi", in: .location, unless: "off", "Includes.", advice: "remove it"),
    .refused("stream", in: .main, "Passes on.", advice: "remove the block"),
])

/// Parses and interprets a text. Returns the draft and all errors, rendered.
func interpret(_ text: String, in context: Contexts = .main) -> (draft: Draft, errors: String) {
    let parsed = parse(text)
    var draft = Draft()
    let more = Interpreter(table).interpret(parsed.tree, in: context, into: &draft)
    let errors = (parsed.diagnostics + more).map { $0.render(in: parsed.sources) }
    return (draft, errors.joined(separator: "\n"))
}
