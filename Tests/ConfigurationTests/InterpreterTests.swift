import Testing

@testable import Configuration

@Suite struct InterpreterTests {
    @Test func settingsAreStoredInTheirLevel() {
        let (draft, errors) = interpret(
            """
            http {
                gzip ON; send_timeout 1h30m; output_buffers 8k; types { text/html html; }
                server {
                    root /srv; client_max_body_size 2g; keepalive_requests 7; expires 1M;
                    location / { satisfy Any; add_header A b; add_header C d always; }
                    if ($a) { return 404; }
                    location /x { if ($b) { return 403; } }
                }
            }
            """)
        #expect(errors == "")
        var location = Draft.Level(name: "/")
        location.satisfy = .any
        location.headers = ["A", "C"]
        var server = Draft.Level(name: "server")
        server.root = "/srv"
        server.bodyBytes = 2 << 30
        server.requests = 7
        server.expiresSeconds = 2_592_000
        var http = Draft.Level(name: "http")
        http.isGzip = true
        http.timeoutMs = 5_400_000
        http.sizeBytes = 8192
        #expect(
            draft.closed == [
                location, Draft.Level(name: "if in server"), Draft.Level(name: "if in location"),
                Draft.Level(name: "/x"), server, http,
            ])
        #expect(draft.types == ["html": "text/html"])
    }

    @Test func unsetValuesAreInherited() {
        var parent = Draft()
        parent.level.root = "/srv"
        parent.level.isGzip = true
        parent.level.headers = ["A"]
        var child = Draft()
        child.level.isGzip = false
        table.inherit(&child, from: &parent)
        #expect(child.level.root == "/srv")
        #expect(child.level.isGzip == false)
        #expect(child.level.headers == ["A"])
        #expect(child.level.timeoutMs == nil)
    }

    @Test(arguments: [
        (
            "    rooot /srv;",
            """
            apus.conf:1:5: error: unknown directive "rooot"
                rooot /srv;
                ^~~~~
            help: did you mean "root"?
            """
        ),
        (
            "xyzzy { rooot a; }",
            """
            apus.conf:1:1: error: unknown directive "xyzzy"
            xyzzy { rooot a; }
            ^~~~~
            """
        ),
        (
            "locaton / { gzzip on; }",
            """
            apus.conf:1:1: error: unknown directive "locaton"
            locaton / { gzzip on; }
            ^~~~~~~
            help: did you mean "location"?
            apus.conf:1:13: error: unknown directive "gzzip"
            locaton / { gzzip on; }
                        ^~~~~
            help: did you mean "gzip"?
            """
        ),
        (
            "location / { litsen 80; }",
            """
            apus.conf:1:14: error: unknown directive "litsen"
            location / { litsen 80; }
                         ^~~~~~
            help: did you mean "listen"? It is allowed in server
            """
        ),
        (
            "location / { listen 80; }",
            """
            apus.conf:1:14: error: "listen" directive is not allowed here
            location / { listen 80; }
                         ^~~~~~
            help: it is allowed in server
            """
        ),
        (
            "server { foo bar; }",
            """
            apus.conf:1:1: error: "server" directive is not allowed here
            server { foo bar; }
            ^~~~~~
            help: it is allowed in http
            apus.conf:1:10: error: unknown directive "foo"
            server { foo bar; }
                     ^~~
            """
        ),
        (
            "root a b;",
            """
            apus.conf:1:1: error: invalid number of arguments in "root" directive
            root a b;
            ^~~~
            help: it takes 1 argument
            """
        ),
        (
            "root a { }",
            """
            apus.conf:1:8: error: directive "root" is not terminated by ";"
            root a { }
                   ^
            """
        ),
        (
            "location /\n  root /srv;",
            """
            apus.conf:1:1: error: directive "location" has no opening "{"
            location /
            ^~~~~~~~
            """
        ),
        (
            "root /a;\n\troot /b;",
            """
            apus.conf:2:2: error: "root" directive is duplicate
            \troot /b;
            \t^~~~
            apus.conf:1:1: note: it was first given here
            root /a;
            ^~~~
            """
        ),
        (
            "location bad { gzip maybe; rooot x; }",
            """
            apus.conf:1:10: error: invalid location "bad"
            location bad { gzip maybe; rooot x; }
                     ^~~
            apus.conf:1:21: error: invalid value "maybe" in "gzip" directive, it must be "on" or \
            "off"
            location bad { gzip maybe; rooot x; }
                                ^~~~~
            apus.conf:1:28: error: unknown directive "rooot"
            location bad { gzip maybe; rooot x; }
                                       ^~~~~
            help: did you mean "root"?
            """
        ),
    ])
    func shapeErrors(text: String, expected: String) {
        let (draft, errors) = interpret(text, in: .server)
        #expect(errors == expected)
        #expect(draft.levels.count == 1)
    }

    @Test(arguments: [
        (
            "root /srv # no semicolon\nindex a b;\n",
            """
            apus.conf:1:10: error: ";" is missing here
            root /srv # no semicolon
                     ^
            """
        ),
        (
            "root /srv\n\n  location / { gzip on; }",
            """
            apus.conf:1:10: error: ";" is missing here
            root /srv
                     ^
            """
        ),
        (
            "root\n/srv\ngzip on\nkeepalive_requests x;",
            """
            apus.conf:2:5: error: ";" is missing here
            /srv
                ^
            apus.conf:3:8: error: ";" is missing here
            gzip on
                   ^
            apus.conf:4:20: error: invalid number "x" in "keepalive_requests" directive
            keepalive_requests x;
                               ^
            """
        ),
        (
            "index a\nroot /srv;",
            """
            apus.conf:1:8: warning: is ";" missing here?
            index a
                   ^
            help: "root" is read as an argument of "index"
            """
        ),
        ("index a\n 'root' rooot;", ""),
        ("index root index;", ""),
    ])
    func missingSemicolons(text: String, expected: String) {
        #expect(interpret(text, in: .server).errors == expected)
    }

    @Test(
        arguments: [
            (
                "gzip 1", "invalid value \"1\" in \"gzip\" directive, it must be \"on\" or \"off\"",
                []
            ),
            (
                "send_timeout 1q", "invalid time \"1q\" in \"send_timeout\" directive",
                ["a time is a number with ms, s, m, h, d or w, largest first: 30s, 1h30m"]
            ),
            (
                "expires 1ms", "invalid time \"1ms\" in \"expires\" directive",
                ["a time is a number with s, m, h, d, w, M or y, largest first: 30s, 1h30m"]
            ),
            (
                "output_buffers 1g", "invalid size \"1g\" in \"output_buffers\" directive",
                ["a size is a number of bytes, or of k or m: 512, 8k, 1m"]
            ),
            (
                "client_max_body_size x",
                "invalid size \"x\" in \"client_max_body_size\" directive",
                ["a size is a number of bytes, or of k, m or g: 512, 8k, 2g"]
            ),
            (
                "keepalive_requests -1",
                "invalid number \"-1\" in \"keepalive_requests\" directive", []
            ),
            (
                "satisfy some", "invalid value \"some\" in \"satisfy\" directive",
                ["it must be \"all\" or \"any\""]
            ),
        ] as [(String, String, [String])])
    func valueErrors(text: String, message: String, help: [String]) throws {
        let parsed = parse(text + ";")
        var draft = Draft()
        let found = Interpreter(table).interpret(parsed.tree, in: .http, into: &draft)
        let argument = try #require(parsed.tree.first?.arguments.first)
        #expect(
            found == [
                Diagnostic(
                    .error, message, at: argument.place, length: argument.length, help: help)
            ])
        #expect(draft == Draft())
    }

    @Test func readingMissingArgumentThrows() {
        let parsed = parse("location;")
        let use = DirectiveUse(parsed.tree[0], in: .server)
        #expect(throws: Diagnostic.self) { try use.text(0) }
        #expect(throws: Diagnostic.self) { try use.seconds(-1) }
    }

    @Test(arguments: [
        "http { resolver 1.1.1.1 valid=3s; server { resolver a; location / { resolver b; } } }",
        "http { resolver a; resolver b; }",
        "http { upstream b { server 127.0.0.1:80 weight=2; server unix:/a; } }",
        "http { server { location / { ssi off; ssi OFF; } } }",
    ])
    func ignoredDirectivesCauseNoDiagnostic(text: String) {
        #expect(interpret(text).errors.isEmpty)
    }

    @Test(arguments: [
        ("http { resolver; }", "invalid number of arguments in \"resolver\" directive"),
        ("resolver a;", "\"resolver\" directive is not allowed here"),
        ("http { upstream b { } server { upstream c { } } }", "\"upstream\" directive is not all"),
        ("http { upstream b { listen 80; } }", "\"listen\" directive is not allowed here"),
        ("http { upstream b; }", "directive \"upstream\" has no opening \"{\""),
    ])
    func ignoredDirectiveWithWrongArgumentsIsError(text: String, message: String) {
        #expect(interpret(text).errors.contains(message))
    }

    @Test(arguments: [
        (
            "http { server { location / { proxy_pass http://b; } } }",
            """
            apus.conf:1:30: error: "proxy_pass" directive is refused: apus compresses with gzip only
            http { server { location / { proxy_pass http://b; } } }
                                         ^~~~~~~~~~
            help: remove it
            """
        ),
        (
            // With any content of its block, and any number of arguments.
            "stream a b { server { listen 1; nonsense; } }",
            """
            apus.conf:1:1: error: "stream" directive is refused: apus compresses with gzip only
            stream a b { server { listen 1; nonsense; } }
            ^~~~~~
            help: remove the block
            """
        ),
        (
            // In any context.
            "http { ssi on; }",
            """
            apus.conf:1:8: error: "ssi" directive is refused: apus compresses with gzip only
            http { ssi on; }
                   ^~~
            help: remove it
            """
        ),
    ])
    func refusedDirectiveSuggestsRemedy(text: String, errors: String) {
        #expect(interpret(text).errors == errors)
    }

    @Test func refusedDirectiveIsReportedInsideInvalidBlock() {
        let errors = interpret("http { server { location bad { proxy_pass x; } } }").errors
        #expect(errors.contains("invalid location") && errors.contains("\"proxy_pass\" directive"))
    }
}
