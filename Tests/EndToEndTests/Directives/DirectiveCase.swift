import Foundation

/// A row of the tables: a configuration, requests, and what is answered.
///
/// The name says first which directives it is a test of, as in "alias, root: …"; the rest says
/// what of them. In the configuration `{port}` stands for a free port of the case's own (`{port2}`
/// and `{port3}` for more), `{dir}` for its private folder and `{root}` for the document root in
/// there, which holds `files`.
struct DirectiveCase: Sendable {
    let name: String
    /// Text for the http block. Cases with the same text share one process; another text is
    /// another process, so declarations are better `declares`.
    var http = ""
    /// Text for the http block that does nothing to other cases, for its names are its own: map,
    /// geo, split_clients, log_format, zones.
    var declares = ""
    /// The same for main.
    var main = ""
    /// The inside of a server block that listens on `{port}` and has `{root}` as its root.
    var server = ""
    /// Server blocks in the place of that one.
    var servers: String?
    /// A whole file in the place of all of it, but for daemon, pid and error_log.
    var whole: String?
    var files: [String: Fixture] = [:]
    /// Symbolic links below the root, with what they lead to.
    var links: [String: String] = [:]
    /// Permissions of files or folders below the root.
    var modes: [String: UInt32] = [:]
    /// The message with which the configuration is refused; nil when it loads.
    var refusal: String?
    /// What nginx says then; nil when it says the same.
    var refusalOfNginx: String?
    var verdict = NginxVerdict.same
    var steps: [Step] = []

    /// A case whose configuration loads. `bare`: the server block has no root of its own accord.
    init(
        _ name: String, http: String = "", declares: String = "", main: String = "",
        server: String = "", bare: Bool = false, servers: String? = nil, whole: String? = nil,
        files: [String: Fixture] = [:], links: [String: String] = [:],
        modes: [String: UInt32] = [:], nginx: NginxVerdict = .same, _ steps: Step...
    ) {
        self.name = name
        self.http = http
        self.declares = declares
        self.main = main
        self.server = bare ? server : "root {root};\n" + server
        self.servers = servers
        self.whole = whole
        self.files = files
        self.links = links
        self.modes = modes
        self.verdict = nginx
        self.steps = steps
    }

    /// A case whose configuration is refused, with a message that contains `refuses`; nginx's
    /// contains `nginxSays` where it puts it in other words.
    init(
        _ name: String, http: String = "", main: String = "", server: String = "",
        servers: String? = nil, whole: String? = nil, files: [String: Fixture] = [:],
        refuses: String, nginxSays: String? = nil, nginx: NginxVerdict = .same
    ) {
        self.name = name
        self.http = http
        self.main = main
        self.server = server
        self.servers = servers
        self.whole = whole
        self.files = files
        refusal = refuses
        refusalOfNginx = nginxSays
        verdict = nginx
    }

    /// The same with every step made four times: the last ones are answered from memory.
    func askedAgain() -> DirectiveCase {
        var row = self
        row.steps = steps.flatMap { Array(repeating: $0, count: 4) }
        return row
    }

    /// The directives that it is a test of.
    var directives: [String] {
        name.prefix { $0 != ":" }.split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// Whether this nginx can be given the configuration.
    func isKnown(to version: NginxVersion) -> Bool {
        switch verdict {
        case .same, .differs: true
        case .since(let first), .before(let first, _): version >= NginxVersion(first)
        case .ownAddition: false
        }
    }

    /// The http block's part of the configuration.
    var serverText: String {
        servers ?? """
            server {
            listen 127.0.0.1:{port};
            error_log {dir}/error.log info;
            \(server)
            }
            """
    }
}

/// What nginx has to do with a case or a request.
enum NginxVerdict: Sendable {
    /// It answers the same.
    case same
    /// It does so from this version on; an older one is not asked.
    case since(String)
    /// An older one than this answers so; a newer one the same.
    case before(String, [Expectation])
    /// It answers so, and the entry of the list of differences says why.
    case differs(Difference.Name, [Expectation])
    /// It is not asked: it does not have that.
    case ownAddition
}

/// The cases of one file, which share servers.
struct DirectiveGroup: Sendable {
    let name: String
    let cases: [DirectiveCase]

    init(_ name: String, @Rows _ cases: () -> [DirectiveCase]) {
        self.name = name
        self.cases = cases()
    }

    /// Statement by statement, so that the compiler sees each row by itself.
    @resultBuilder enum Rows {
        static func buildExpression(_ row: DirectiveCase) -> [DirectiveCase] { [row] }
        static func buildArray(_ rows: [[DirectiveCase]]) -> [DirectiveCase] { rows.flatMap { $0 } }
        static func buildPartialBlock(first: [DirectiveCase]) -> [DirectiveCase] { first }
        static func buildPartialBlock(
            accumulated: [DirectiveCase], next: [DirectiveCase]
        ) -> [DirectiveCase] { accumulated + next }
    }
}
