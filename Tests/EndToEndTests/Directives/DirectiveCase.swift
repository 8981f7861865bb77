import Foundation

/// A row of the tables: a configuration, requests, and the expected responses.
///
/// The name begins with the tested directives, as in "alias, root: …"; the rest describes the
/// case. In the configuration, `{port}` is replaced by a free port of the case (`{port2}` and
/// `{port3}` for more), `{dir}` by its private directory and `{root}` by the document root in
/// there, which contains `files`.
struct DirectiveCase: Sendable {
    let name: String
    /// Text for the http block. Cases with the same text share a process; a different text needs
    /// another process, so declarations belong into `declares`.
    var http = ""
    /// Text for the http block that does not affect other cases, since its names are unique: map,
    /// geo, split_clients, log_format, zones.
    var declares = ""
    /// Text for the main level.
    var main = ""
    /// The content of a server block that listens on `{port}` with the root `{root}`.
    var server = ""
    /// Server blocks instead of that one.
    var servers: String?
    /// A whole file instead of all of this, except daemon, pid and error_log.
    var whole: String?
    var files: [String: Fixture] = [:]
    /// Symbolic links below the root, with their targets.
    var links: [String: String] = [:]
    /// Permissions of files or directories below the root.
    var modes: [String: UInt32] = [:]
    /// The message with which the configuration is refused; nil if it loads.
    var refusal: String?
    /// nginx's message if it is different.
    var refusalOfNginx: String?
    var verdict = NginxVerdict.same
    var steps: [Step] = []

    /// A case whose configuration loads. With `bare`, the server block has no root.
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

    /// A case whose configuration is refused with a message that contains `refuses`, or for nginx
    /// `nginxSays`.
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

    /// Returns the case with each step made four times: the last responses come from the cache.
    func askedAgain() -> DirectiveCase {
        var row = self
        row.steps = steps.flatMap { Array(repeating: $0, count: 4) }
        return row
    }

    /// The directives that this case tests.
    var directives: [String] {
        name.prefix { $0 != ":" }.split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// True if this version of nginx supports the configuration.
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

/// The comparison with nginx for a case or a request.
enum NginxVerdict: Sendable {
    /// The same response.
    case same
    /// The same response from this version on; older ones are not tested.
    case since(String)
    /// A different response before this version; the same from it on.
    case before(String, [Expectation])
    /// A different response; the entry of the list of differences has the reason.
    case differs(Difference.Name, [Expectation])
    /// Not supported by nginx.
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

    /// A builder with one statement per row, so that each row is type-checked by itself.
    @resultBuilder enum Rows {
        static func buildExpression(_ row: DirectiveCase) -> [DirectiveCase] { [row] }
        static func buildArray(_ rows: [[DirectiveCase]]) -> [DirectiveCase] { rows.flatMap { $0 } }
        static func buildPartialBlock(first: [DirectiveCase]) -> [DirectiveCase] { first }
        static func buildPartialBlock(
            accumulated: [DirectiveCase], next: [DirectiveCase]
        ) -> [DirectiveCase] { accumulated + next }
    }
}
