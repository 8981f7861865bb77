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
