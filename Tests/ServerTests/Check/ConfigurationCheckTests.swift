import Configuration
import Testing

@testable import Server

@Suite struct ConfigurationCheckTests {
    /// Returns the lints that a configuration triggers, in the order of the file.
    private func lints(_ text: String, silenced: Set<Lint> = []) -> [String] {
        let request = LoadRequest(
            path: "/nowhere/apus.conf", text: Array(text.utf8), prefix: "/usr")
        return ConfigurationLoader.check(request, silenced: silenced).lints.compactMap {
            $0?.rawValue
        }
    }

    private func lints(inServer text: String) -> [String] {
        lints("events {} http { server { listen 80; root /usr; \(text) } }")
    }

    @Test(arguments: [
        ("location /a { alias /usr/; }", ["alias-slash"]),
        ("location ^~ /a { alias /usr/; }", ["alias-slash"]),
        ("location /a/ { alias /usr/; }", []),
        ("location /a { alias /usr; }", []),
        ("location = /a { alias /usr/; }", []),
        ("location /a/ { alias /nowhere/; }", ["missing-root"]),
        ("location ~ . { } location /a { }", ["unreachable-location"]),
        ("location ~ . { } location = /a { }", []),
        ("location ~ . { } location ^~ /a { }", []),
        ("location ~ x { } location ~ x { }", ["unreachable-location"]),
        ("location ~* x { } location ~ x { }", ["unreachable-location"]),
        ("location ~ x { } location ~* x { }", []),
        ("location ~* x { } location ~* x { }", ["unreachable-location"]),
        (
            "location ~ x { } location /a { } location ~ . { } location ~ y { }",
            ["unreachable-location", "unreachable-location"]
        ),
        ("location /a { location ~ . { } location /a/b { } }", ["unreachable-location"]),
        ("location ^~ / { } location ~ x { }", ["unreachable-location"]),
        ("location / { return 200; set $a b; }", ["unreachable-step"]),
        ("location / { if ($args) { return 200; } set $a b; }", []),
        ("location ~ ^(a+)+$ { }", ["slow-regex"]),
        ("location ~ ^(a|b*)*$ { }", ["slow-regex"]),
        ("location ~ \"^([a-z]+/)*[0-9]+$\" { }", ["slow-regex"]),
        ("location ~ ^(ab)+(c|d)*$ { }", []),
        ("location ~ \"[(]+[)]*(x)+\" { }", []),
        ("location ~ \"\\\\.(js|css)$\" { }", []),
        ("rewrite ^(/.*)*$ /x;", ["slow-regex"]),
        ("location / { if (-f $request_filename) { break; } }", ["if-file"]),
        ("location / { if ($args = -f) { break; } }", []),
        ("gzip_types text/css image/png;", ["gzip-type"]),
        ("gzip_types text/css image/svg+xml;", []),
        ("location / { types_hash_max_size 2048; }", ["ignored-directive"]),
    ])
    func lintsFindProblems(text: String, expected: [String]) {
        #expect(lints(inServer: text) == expected)
    }

    @Test func findingIsSilencedByName() {
        let text = "events {} http { types_hash_max_size 8; server { listen 80; root /usr; } }"
        #expect(lints(text) == ["ignored-directive"])
        #expect(lints(text, silenced: [.ignoredDirective]) == [])
        #expect(lints(text, silenced: [.gzipType]) == ["ignored-directive"])
    }

    @Test(arguments: [
        ("types_hash_max_size 8; # apus: allow ignored-directive", []),
        ("# apus: allow ignored-directive\ntypes_hash_max_size 8;", []),
        ("# apus: allow ignored-directive because the file is shared\ntypes_hash_max_size 8;", []),
        ("# apus: allow gzip-type\ntypes_hash_max_size 8;", ["ignored-directive"]),
        (
            "gzip off; # apus: allow ignored-directive\ntypes_hash_max_size 8;",
            ["ignored-directive"]
        ),
        ("# apus: allow ignored-directives\ntypes_hash_max_size 8;", ["ignored-directive"]),
    ])
    func findingIsSilencedByComment(text: String, expected: [String]) {
        #expect(
            lints("events {} http {\n\(text)\nserver { listen 80; root /usr; } }") == expected)
    }

    @Test func errorsAreReportedToo() {
        let request = LoadRequest(
            path: "/nowhere/apus.conf", text: Array("events {} http { sever { } }".utf8),
            prefix: "/usr")
        let outcome = ConfigurationLoader.check(request, silenced: [])
        #expect(outcome.hasErrors)
        #expect(outcome.report.contains("did you mean \"server\"?"))
        #expect(outcome.json.contains("\"severity\":\"error\""))
        #expect(outcome.json.contains("\"line\":1,\"column\":18"))
    }

    @Test func jsonIsQuoted() {
        #expect(CheckOutcome.quoted("a\"b\\c\n\u{1}") == "\"a\\\"b\\\\c\\n\\u0001\"")
        #expect(
            CheckOutcome.quoted("\u{7F}\u{9B}\u{202E}\u{E0041}é")
                == "\"\\u007f\\u009b\\u202e\\udb40\\udc41é\"")
    }

    @Test(arguments: [
        (["check"], CheckOptions()),
        (
            ["check", "--strict", "--json"],
            with {
                $0.isStrict = true; $0.isJSON = true
            }
        ),
        (
            ["check", "--allow", "ignored-directive", "--allow=if-file"],
            with { $0.silenced = [.ignoredDirective, .ifFile] }
        ),
        (
            ["check", "-c", "x", "-p/y"],
            with {
                $0.server.configuration = "x"; $0.server.prefix = "/y"
            }
        ),
    ])
    func commandLineIsParsed(arguments: [String], expected: CheckOptions) throws {
        #expect(try CheckOptions.parse(arguments) == expected)
    }

    private static func with(_ change: (inout CheckOptions) -> Void) -> CheckOptions {
        var options = CheckOptions()
        change(&options)
        return options
    }

    @Test func unknownLintIsRefused() {
        #expect(throws: CommandLineError.self) {
            try CheckOptions.parse(["check", "--allow", "x"])
        }
    }
}
