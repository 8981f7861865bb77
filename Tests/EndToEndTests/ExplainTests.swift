import Foundation
import Testing

/// `apus explain`: a worker that listens on no port processes a request and reports the steps.
@Suite(.enabled(if: Product.isApus)) struct ExplainTests {
    /// A configuration, a request, and the expected lines in their order. In the configuration,
    /// which begins at line 5 of its file, ROOT is a directory that contains ``files``; lines are
    /// `\#(conf)` and a number.
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let server: String
        let arguments: [String]
        let lines: [String]

        init(_ name: String, _ server: String, _ arguments: String..., lines: String...) {
            self.name = name
            self.server = server
            self.arguments = arguments
            self.lines = lines
        }

        var testDescription: String { name }
    }

    private static let files: [String: Fixture] = [
        "index.html": "home", "a.txt": .text(String(repeating: "text ", count: 100)),
        "a.txt.gz": "zipped", "page.html": "page", "docs/x.html": "x", "lost.html": "lost",
        "large.bin": .pattern(1_000_000),
    ]

    static let rows: [Row] = [
        Row(
            "the only server, a file", "location / { }", "http://a/page.html",
            lines: "GET /page.html HTTP/1.1", "Host: a",
            "127.0.0.1 connects to 127.0.0.1:80, accepted by listen 0.0.0.0:80",
            "server (CONF:3): the only server of the address", "path /page.html",
            "location for /page.html", "  location / (CONF:5): the longest matching prefix",
            "  selected: location / (CONF:5)", "file ROOT/page.html: 4 bytes, modified",
            "HTTP/1.1 200 OK", "Content-Type: text/html", "Content-Length: 4", "body: 4 bytes"),
        Row(
            "each kind of location",
            "location = /a { } location / { }\nlocation /docs/ { location ~ [.]gif$ { } }\n"
                + "location ~ [.]png$ { }\nlocation ~* [.]HTML$ { } location ~ x { }",
            "http://a/docs/x.html",
            lines: "  location / (CONF:5): matches as a prefix",
            "  location /docs/ (CONF:6): the longest matching prefix",
            "  the locations inside of it",
            "    location ~ [.]gif$ (CONF:6): does not match",
            "  location ~ [.]png$ (CONF:7): does not match",
            "  location ~* [.]HTML$ (CONF:8): matches",
            "  selected: location ~* [.]HTML$ (CONF:8)"),
        Row(
            "an exact location", "location = /page.html { } location ~ . { }", "http://a/page.html",
            lines: "  location = /page.html (CONF:5): the exact path",
            "  selected: location = /page.html (CONF:5)"),
        Row(
            "a prefix before regular expressions", "location ^~ /docs { } location ~ . { }",
            "http://a/docs/x.html",
            lines:
                "  location ^~ /docs (CONF:5): the longest matching prefix, with ^~: regular "
                + "expressions are skipped",
            "  selected: location ^~ /docs (CONF:5)"),
        Row(
            "no location", "location /b { }", "http://a/page.html",
            lines: "  no location matches: the settings of server (CONF:3) apply"),
        Row(
            "the script",
            "set $x $arg_q;\nrewrite ^/no /yes;\nif ($x = 1) { return 403; }\n"
                + "rewrite ^/old/(.*)$ /$1?new=1 last;",
            "http://a/old/page.html?q=2",
            lines: "set $x $arg_q (CONF:5): \"2\"", "rewrite ^/no /yes (CONF:6): does not match",
            "if ($x = 1) (CONF:7): is false",
            "rewrite ^/old/(.*)$ /$1?new=1 last (CONF:8): matches: /page.html?new=1&q=2",
            "file ROOT/page.html: 4 bytes, modified", "HTTP/1.1 200 OK"),
        Row(
            "an if that holds", "if ($arg_q) { return 301 /there; }", "http://a:80/?q=1",
            lines: "if ($arg_q) (CONF:5): is true",
            "return 301 /there (CONF:5): responds with status 301",
            "HTTP/1.1 301 Moved Permanently", "Location: http://a/there"),
        Row(
            "an internal redirect to the index", "index none.html index.html;", "http://a/",
            lines: "index: ROOT/none.html: No such file or directory",
            "index: ROOT/index.html exists", "internal redirect to /index.html",
            "file ROOT/index.html: 4 bytes, modified", "HTTP/1.1 200 OK"),
        Row(
            "try_files and an error page",
            "error_page 404 =200 /lost.html; location / { try_files $uri $uri/ =404; }",
            "http://a/none", lines: "try_files: ROOT/none is not a file",
            "try_files: ROOT/none is not a directory",
            "try_files: none exists, the last argument is =404",
            "status 404: error_page /lost.html", "internal redirect to /lost.html",
            "try_files: ROOT/lost.html exists", "HTTP/1.1 200 OK"),
        Row(
            "a named location",
            "location / { try_files $uri @end; }\nlocation @end { return 410; }",
            "http://a/none", lines: "try_files: none exists, the last argument is @end",
            "selected: location @end (CONF:6)", "return 410 (CONF:6): responds with status 410",
            "status 410: no error_page applies", "HTTP/1.1 410 Gone"),
        Row(
            "a file that is not there", "error_log /nowhere/log;", "http://a/none",
            lines: "ROOT/none cannot be opened: No such file or directory",
            "error_log: [error] open() \"ROOT/none\" failed (2: No such file or directory)",
            "status 404: no error_page applies", "HTTP/1.1 404 Not Found"),
        Row(
            "an internal location", "location /in { internal; }", "http://a/in",
            lines: "internal: the location is for internal redirects only", "HTTP/1.1 404 Not Found"
        ),
        Row(
            "a method that is limited", "location / {\nlimit_except GET { access_log off; }\n}",
            "DELETE", "http://a/page.html",
            lines: "DELETE /page.html HTTP/1.1",
            "limit_except applies: limit_except GET (CONF:6)",
            "the method is not supported for files",
            "HTTP/1.1 405 Not Allowed"),
        Row(
            "gzip", "gzip on; gzip_types text/plain;", "http://a/a.txt", "-H",
            "Accept-Encoding: gzip", lines: "gzip: compressed", "Content-Encoding: gzip"),
        Row(
            "gzip that is not asked for", "gzip on; gzip_types text/plain;", "http://a/a.txt",
            lines: "gzip: not compressed, the request has no Accept-Encoding", "Content-Length: 500"
        ),
        Row(
            "gzip of another type", "gzip on;", "http://a/a.txt", "-H", "Accept-Encoding: gzip",
            lines: "gzip: not compressed, text/plain is not in gzip_types", "Content-Length: 500"),
        Row(
            "gzip_static", "gzip_static on;", "http://a/a.txt", "-H", "Accept-Encoding: gzip",
            lines: "file ROOT/a.txt.gz: 6 bytes, modified", "Content-Encoding: gzip",
            "body: 6 bytes"),
        Row(
            "a range", "", "http://a/page.html", "-H", "Range: bytes=1-2",
            lines: "Range: bytes 1-2", "HTTP/1.1 206 Partial Content",
            "Content-Range: bytes 1-2/4", "body: 2 bytes"),
        Row(
            "a precondition", "", "http://a/page.html", "-H", "If-None-Match: *",
            lines: "preconditions: the client has this version already",
            "HTTP/1.1 304 Not Modified", "no body"),
        Row(
            "a directory", "", "http://a:80/docs?x",
            lines: "ROOT/docs is a directory: redirecting to the path with a trailing slash",
            "HTTP/1.1 301 Moved Permanently", "Location: http://a/docs/?x"),
        Row(
            "a directory that is listed", "autoindex on;", "http://a/docs/",
            lines: "autoindex: the names in ROOT/docs/", "HTTP/1.1 200 OK"),
        Row(
            "a directory without an index", "", "http://a/docs/",
            lines: "no index file exists, and autoindex is off", "HTTP/1.1 403 Forbidden"),
        Row(
            "a request that is refused", "", "http://a/../x", lines: "HTTP/1.1 400 Bad Request"),
        Row(
            "a head that is refused", "", "http://a/", "-H", "Host:",
            lines: "the request is refused: client sent HTTP/1.1 request without \"Host\" header",
            "HTTP/1.1 400 Bad Request"),
        Row(
            "who is asked, by whom", "return 200 \"$remote_addr $server_addr $server_port\";",
            "http://192.0.2.1/", "--from", "192.0.2.9",
            lines: "192.0.2.9 connects to 192.0.2.1:80, accepted by listen 0.0.0.0:80",
            "body: \("192.0.2.9 192.0.2.1 80".count) bytes"),
        Row(
            "logs",
            "access_log /nowhere/a.log combined; access_log /nowhere/b.log combined if=$arg_q;",
            "http://a/page.html", lines: "access_log /nowhere/a.log: 127.0.0.1 - - [",
            "access_log: skipped, its if= is false"),
        Row(
            "a request without a response", "return 444;", "http://a/",
            lines: "return 444 (CONF:5): responds with status 444",
            "no response: the connection is closed"),
        Row(
            "a response that is larger than a socket's buffer", "sendfile on;",
            "http://a/large.bin", lines: "file ROOT/large.bin: 1000000 bytes, modified",
            "Content-Length: 1000000", "body: 1000000 bytes"),
        Row(
            "a response in chunks",
            "gzip on; gzip_types *; gunzip on; gzip_comp_level 9;", "http://a/large.bin", "-H",
            "Accept-Encoding: gzip", lines: "gzip: compressed", "Transfer-Encoding: chunked"),
        Row(
            "who may see it", "allow 192.0.2.0/24;\ndeny all;", "http://a/page.html",
            lines: "allow, deny: 127.0.0.1 is denied", "status 403: no error_page applies",
            "HTTP/1.1 403 Forbidden"),
        Row(
            "a password", "satisfy any; deny all; auth_basic x; auth_basic_user_file /nowhere;",
            "http://a/page.html", lines: "allow, deny: 127.0.0.1 is denied",
            "auth_basic: refused with status 401", "HTTP/1.1 401 Unauthorized"),
        Row(
            "a limit",
            "} limit_req_zone $remote_addr zone=z:64k rate=1r/s; server { listen 83; root ROOT;"
                + "limit_req zone=z;",
            "http://a:83/page.html", lines: "limit_req: passed", "HTTP/1.1 200 OK"),
        Row(
            "a rate", "limit_rate 1000;", "http://a/large.bin",
            lines: "limit_rate: 1000 bytes per second", "HTTP/1.1 200 OK",
            "Content-Length: 1000000"),
        Row(
            "a proxy in front",
            "} server { listen 82 proxy_protocol;"
                + "set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP; return 204;",
            "http://a:82/", "-H", "X-Real-IP: 192.0.2.3",
            lines: "PROXY protocol header: PROXY TCP4 127.0.0.1 127.0.0.1 50000 82",
            "the client is 192.0.2.3, from the header of a trusted proxy",
            "HTTP/1.1 204 No Content"),
    ]

    @Test(arguments: rows) func stepsAreExplained(row: Row) throws {
        let directory = try directory("server {\nlisten 80; root ROOT;\n\(row.server)\n}")
        let result = try explain(row.arguments, directory)
        #expect(result.exit == .code(0), "\(result.error)")
        var rest = result.output.components(separatedBy: "\n")[...]
        for line in row.lines {
            let wanted = line.replacingOccurrences(of: "ROOT", with: directory.root)
                .replacingOccurrences(of: "CONF", with: directory.path + "/test.conf")
            let index = rest.firstIndex { Self.says($0, wanted) }
            guard let index else {
                Issue.record("no \(wanted.debugDescription) in its place in\n\(result.output)")
                return
            }
            rest = rest[(index + 1)...]
        }
    }

    /// True if a line is the expected one, or begins with it where a time follows.
    private static func says(_ line: String, _ wanted: String) -> Bool {
        line == wanted
            || (wanted.hasSuffix(" modified") || wanted.hasSuffix("[")) && line.hasPrefix(wanted)
    }

    private static let named = """
        server { listen 80 default_server; server_name one; return 204; }
        server { listen 80; server_name two www.two; return 204; }
        server { listen 80; server_name *.two; return 204; }
        server { listen 80; server_name three.*; return 204; }
        server { listen 80; server_name ~^f(our|ive)$; return 204; }
        server { listen 80; server_name ""; return 204; }
        """

    @Test(arguments: [
        (["http://www.two/"], "server \"two\" (CONF:4): \"www.two\" is one of its names"),
        (
            ["http://x.two/"],
            "server \"*.two\" (CONF:5): its wildcard name is the longest that matches \"x.two\""
        ),
        (
            ["http://three.org/"],
            "server \"three.*\" (CONF:6): its wildcard name is the longest that matches "
                + "\"three.org\""
        ),
        (
            ["http://five/"],
            "server \"~^f(our|ive)$\" (CONF:7): its name ~^f(our|ive)$ is the first that matches "
                + "\"five\""
        ),
        (
            ["http://six/"],
            "server \"one\" (CONF:3): no server is named \"six\": the default server of the address"
        ),
        (
            ["http://six/", "-H", "Host: two"],
            "server \"two\" (CONF:4): \"two\" is one of its names"
        ),
    ])
    func serverSelectionIsExplained(arguments: [String], line: String) throws {
        let directory = try directory(Self.named)
        let result = try explain(arguments, directory)
        let wanted = line.replacingOccurrences(of: "CONF", with: directory.path + "/test.conf")
        #expect(result.output.components(separatedBy: "\n").contains(wanted), "\(result.output)")
    }

    @Test func explainWritesAndBindsNothing() throws {
        let directory = try directory(
            "server { listen 80; root ROOT; access_log DIR/a.log; access_log DIR/$host.log;\n"
                + "error_log DIR/e.log debug; }", main: "pid DIR/p.pid; error_log DIR/m.log;")
        let before = try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted()
        let result = try explain(["http://a/none"], directory)
        #expect(result.output.contains("access_log \(directory.path)/a.log: "))
        #expect(result.output.contains("access_log \(directory.path)/$host.log: ") == false)
        #expect(result.error.isEmpty)
        let after = try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted()
        #expect(before == after)
    }

    @Test(arguments: [
        ("server { listen 80; }", ["http://a:81/"], 2, "listens on port 81"),
        ("server { listen 80; }", ["https://a/"], 2, "use http://"),
        ("server { listen 80; }", ["http://a/", "--from", "x"], 2, "an address is required"),
        ("server { listen 80; rot /; }", ["http://a/"], 1, "did you mean \"root\"?"),
        ("server { listen 80; }", [], 1, "a URL is missing"),
    ])
    func exitCodes(http: String, arguments: [String], code: Int32, message: String) throws {
        let result = try explain(arguments, directory(http))
        #expect(result.exit == .code(code))
        #expect(result.error.contains(message))
        #expect(result.output.isEmpty)
    }

    @Test func explainReadsOnlyWhatWorkersCan() throws {
        let directory = try directory(
            "server { listen 80; root ROOT; }", main: "sandbox_read ROOT/docs;")
        #expect(try explain(["http://a/docs/x.html"], directory).output.contains("\nHTTP/1.1 200 "))
        #expect(try explain(["http://a/page.html"], directory).output.contains("\nHTTP/1.1 403 "))
    }

    @Test func help() throws {
        let result = try run(Product.binary, ["explain", "--help"])
        #expect(result.succeeded && result.output.contains("Usage: apus explain "))
    }

    private func directory(_ http: String, main: String = "") throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory(files: Self.files)
        let text = TestServer.fill(
            "events { } \(main) http { types { text/html html; text/plain txt; }\n"
                + "access_log off;\n\(http)\n}\n",
            directory: directory, ports: [1, 2, 3])
        try text.write(toFile: directory.path + "/test.conf", atomically: false, encoding: .utf8)
        return directory
    }

    private func explain(_ arguments: [String], _ directory: TemporaryDirectory) throws
        -> ShellResult
    {
        try run(
            Product.binary, ["explain"] + TestServer.commandLine(directory) + arguments, seconds: 30
        )
    }
}
