import HTTP
import Testing

@testable import Server

@Suite struct LocationTreeTests {
    /// The example from nginx's documentation of `location`.
    @Test(arguments: [
        ("/", "/A"),
        ("/index.html", "/B"),
        ("/documents/document.html", "/C"),
        ("/images/1.gif", "/D"),
        ("/documents/1.jpg", "/E"),
        ("/documents/1.JPEG", "/E"),
        ("/documents", "/B"),
    ])
    func nginxDocumentationExample(path: String, root: String) throws {
        let plan = try plan(
            ofServer: """
                location = / { root /A; }
                location / { root /B; }
                location /documents/ { root /C; }
                location ^~ /images/ { root /D; }
                location ~* \\.(gif|jpg|jpeg)$ { root /E; }
                """)
        #expect(plan.root(of: path) == root)
    }

    private static let rules = """
        root /server;
        location = /exact { root /exact; }
        location /exact { root /exact-prefix; }
        location /a { root /a; }
        location /a/b { root /a-b; }
        location /a/b/c/ { root /a-b-c; }
        location ^~ /static/ { root /static; location ~ \\.php$ { root /static-php; } }
        location /outer/ {
            root /outer;
            location = /outer/exact { root /outer-exact; }
            location /outer/inner { root /inner; }
            location ^~ /outer/fixed { root /fixed; }
            location ~ ^/outer/.*\\.txt$ { root /outer-txt; }
        }
        location ~ ^/regex/ {
            root /regex;
            location ~ sub$ { root /regex-sub; }
            location ~ x$ { root /regex-x; }
        }
        location ~ \\.php$ { root /php; }
        location ~* \\.PNG$ { root /png; }
        location ~ \\.png$ { root /never; }
        """

    @Test(arguments: [
        ("/nothing", "/server"),
        ("/exact", "/exact"),
        ("/exact2", "/exact-prefix"),
        ("/Exact", "/server"),
        ("/a", "/a"),
        ("/ab", "/a"),
        ("/a/b", "/a-b"),
        ("/a/b/c", "/a-b"),
        ("/a/b/c/", "/a-b-c"),
        ("/a/b/c/d", "/a-b-c"),
        ("/a/c", "/a"),
        ("/a/b/c/x.php", "/php"),
        ("/static/x", "/static"),
        ("/static/x.png", "/static"),
        // Expressions inside a ^~ location apply only there.
        ("/static/x.php", "/static-php"),
        ("/outer/x", "/outer"),
        ("/outer/exact", "/outer-exact"),
        ("/outer/inner/x", "/inner"),
        ("/outer/inner/x.txt", "/outer-txt"),
        // A nested ^~ location disables the expressions of its own level, but not those of the
        // enclosing one.
        ("/outer/fixed.txt", "/fixed"),
        ("/outer/fixed.php", "/php"),
        ("/outer/x.php", "/php"),
        ("/regex/y", "/regex"),
        ("/regex/sub", "/regex-sub"),
        ("/regex/subx", "/regex-x"),
        // The first matching expression of a level is used, whatever it contains.
        ("/regex/y.php", "/regex"),
        ("/x.png", "/png"),
        ("/x.PNG", "/png"),
        ("", "/server"),
    ])
    func kindsHavePriorities(path: String, root: String) throws {
        #expect(try plan(ofServer: Self.rules).root(of: path) == root)
    }

    @Test(arguments: [
        ("location =/x { root /r; }", "/x"),
        ("location ~/x { root /r; }", "/a/x"),
        ("location ~*/X { root /r; }", "/a/x"),
        ("location ^~/x { root /r; }", "/x/y"),
        ("location x { root /r; }", "xyz"),
        ("location \"/a b\" { root /r; }", "/a b"),
        ("location /\u{E4} { root /r; }", "/\u{E4}/x"),
    ])
    func namesHaveSeveralSpellings(location: String, path: String) throws {
        #expect(try plan(ofServer: location).root(of: path) == "/r")
    }

    @Test func exponentialRegexHitsLimit() throws {
        let plan = try plan(ofServer: "location ~ ^/(a+)+$ { root /r; }")
        let path = "/" + String(repeating: "a", count: 60) + "!"
        #expect(plan.root(of: path) == "limit")
    }

    /// Compares the sorted table with a search over all names.
    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func longestPrefixIsFound(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func name() -> String {
            let letters = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                ["a", "b", "/", "-", "\u{FF}"].randomElement(using: &random) ?? "a"
            }
            return "/" + letters.joined()
        }
        let prefixes = Set((0..<Int.random(in: 1...25, using: &random)).map { _ in name() })
        let exact = Set((0..<Int.random(in: 0...8, using: &random)).map { _ in name() })
        // In random order, since the compiler sorts.
        let rules =
            (prefixes.map { "location \"\($0)\" { root \"/p\($0)\"; }" }
            + exact.map { "location = \"\($0)\" { root \"/e\($0)\"; }" })
            .shuffled(using: &random)
        let plan = try plan(ofServer: "root /none; " + rules.joined(separator: "\n"))
        for _ in 0..<150 {
            let path = name() + (Bool.random(using: &random) ? name() : "")
            var expected = "/none"
            if exact.contains(path) {
                expected = "/e" + path
            } else if let longest = prefixes.filter({ path.utf8.starts(with: $0.utf8) })
                .max(by: { $0.utf8.count < $1.utf8.count })
            {
                expected = "/p" + longest
            }
            if expected.hasSuffix("/") { expected.removeLast() }
            #expect(plan.root(of: path) == expected, "seed \(seed): \(path) of \(prefixes)")
        }
    }

    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "a", -1), ("a", "b", -1), ("b", "a", 1), ("ab", "a", 1),
        ("a", "ab", -1), ("ab", "ab", 0), ("\u{FF}", "a", 1),
    ])
    func namesAreComparedAsBytes(left: String, right: String, sign: Int) {
        #expect(compare(Array(left.utf8).span, Array(right.utf8).span).signum() == sign)
    }
}

@Suite struct VirtualHostsTests {
    private static let servers = """
        server { listen 80; server_name default.test; }
        server { listen 80; server_name example.com www.Example.org; }
        server { listen 80; server_name one.test *.example.com; }
        server { listen 80; server_name two.test *.sub.example.com; }
        server { listen 80; server_name three.test .dotted.net; }
        server { listen 80; server_name four.test mail.*; }
        server { listen 80; server_name five.test mail.example.*; }
        server { listen 80; server_name six.test ~^img\\d+\\.example\\.net$; }
        server { listen 80; server_name seven.test ~img; }
        server { listen 80; server_name eight.test 192.168.1.1 _ localhost; }
        """

    /// Names in lower case, as the worker looks them up.
    @Test(arguments: [
        ("default.test", "default.test"),
        ("unknown.host", "default.test"),
        ("", "default.test"),
        ("example.com", "example.com"),
        ("www.example.org", "example.com"),
        ("a.example.com", "one.test"),
        ("a.b.example.com", "one.test"),
        // The longest wildcard is used.
        ("a.sub.example.com", "two.test"),
        ("sub.example.com", "one.test"),
        // `.name` matches the name and all subdomains.
        ("dotted.net", "three.test"),
        ("a.dotted.net", "three.test"),
        ("a.b.dotted.net", "three.test"),
        ("xdotted.net", "default.test"),
        ("mail.org", "four.test"),
        ("mail.co.uk", "four.test"),
        ("mail.example.org", "five.test"),
        // A leading wildcard is preferred to a trailing one.
        ("mail.example.com", "one.test"),
        ("mail", "default.test"),
        ("img7.example.net", "six.test"),
        ("img.example.net", "seven.test"),
        // A wildcard is preferred to an expression.
        ("img1.example.com", "one.test"),
        ("192.168.1.1", "eight.test"),
        ("_", "eight.test"),
        (".", "default.test"),
        ("..", "default.test"),
        // nginx accepts a host that begins with a dot.
        (".example.com", "one.test"),
    ])
    func hostSelectsServer(host: String, name: String) throws {
        let plan = try plan(ofHTTP: Self.servers)
        #expect(plan.serverName(of: host, at: plan.listens[0].servers) == name)
    }

    @Test(arguments: [
        (
            "server { listen 80; server_name a; } server { listen 80 default; server_name b; }",
            "b"
        ),
        ("server { listen 80; server_name a; } server { listen 80; server_name b; }", "a"),
        ("server { listen 80 default; server_name a; } server { listen 80; server_name b; }", "a"),
    ])
    func firstServerIsDefault(servers: String, name: String) throws {
        let plan = try plan(ofHTTP: servers)
        #expect(plan.serverName(of: "other", at: plan.listens[0].servers) == name)
    }

    @Test(arguments: [
        ("server_name first second;", "first"), ("server_name .first;", "first"),
        ("server_name *.first;", "*.first"), ("", ""), ("server_name a; server_name b;", "a"),
    ])
    func primaryNameIsFirstName(names: String, primary: String) throws {
        let plan = try plan(ofServer: names)
        #expect(plan.servers[0].name.text == primary)
        withExtendedLifetime(plan) {}
    }

    @Test(arguments: ["a.*.b", "www.*.", "a*", "www.example*", "a..b", "*.a..b", "*.a.*"])
    func invalidWildcardsAreRefused(name: String) {
        let servers = "server { server_name \(name); } server { server_name b; }"
        let report = loaded("events{} http { \(servers) }").report
        #expect(report.contains("invalid server name or wildcard \"\(name)\" on "))
        #expect(loaded("events{} http { server { server_name \(name); } }").plan != nil)
    }

    @Test(arguments: ["*", "*a.com", "*.", ".", "~"])
    func emptyNamesAreRefused(name: String) {
        let report = loaded("events{} http { server { server_name \(name); } }").report
        #expect(
            report.contains("server name \"\(name)\" is invalid")
                || report.contains("empty regex in server name \"~\""))
    }

    @Test func invalidRegexIsRefused() {
        let outcome = loaded("events{} http { server { server_name \"~a(\"; } }")
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains("in the regular expression \"a(\""))
    }
}
