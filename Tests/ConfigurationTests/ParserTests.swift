import Testing

@testable import Configuration

@Suite struct ParserTests {
    @Test func includesExpandInPlace() {
        let files = [
            "a.conf": "b; include c.conf;", "c.conf": "d { e; }", "m/1.conf": "one;",
            "m/2.conf": "two;", "types.conf": "text/html html;",
        ]
        let text = """
            x; include a.conf; y { include c.conf; include m/*.conf; include none/*.conf; }
            types { include types.conf; 'text/plain' txt; }
            """
        let parsed = parse(text, files: files)
        #expect(
            outline(parsed.tree)
                == "[x];[b];[d]{[e];}[y]{[d]{[e];}[one];[two];}"
                + "[types]{[text/html][html];[text/plain][txt];}")
        #expect(parsed.diagnostics.isEmpty)
        #expect(
            parsed.sources.files.map(\.name)
                == ["apus.conf", "a.conf", "c.conf", "m/1.conf", "m/2.conf", "types.conf"])
    }

    @Test func bracesHavePlaces() throws {
        let directive = try #require(parse("a { b; }").tree.first)
        #expect(directive.openBrace == Place(source: 0, offset: 2))
        #expect(directive.closeBrace == Place(source: 0, offset: 7))
        #expect(directive.block?.first?.openBrace == nil)
    }

    @Test(arguments: [
        (
            "include no.conf;",
            """
            apus.conf:1:9: error: cannot read "no.conf": No such file or directory
            include no.conf;
                    ^~~~~~~
            """
        ),
        (
            "include a b;",
            """
            apus.conf:1:1: error: invalid number of arguments in "include" directive
            include a b;
            ^~~~~~~
            help: it takes 1 argument
            """
        ),
        (
            "include a { b; }",
            """
            apus.conf:1:11: error: directive "include" is not terminated by ";"
            include a { b; }
                      ^
            """
        ),
        (
            "include apus.conf;",
            """
            apus.conf:1:9: error: "apus.conf" is included from within itself
            include apus.conf;
                    ^~~~~~~~~
            """
        ),
        (
            "include loop.conf;",
            """
            loop.conf:1:16: error: "loop.conf" is included from within itself
            a { b; include loop.conf; }
                           ^~~~~~~~~
            """
        ),
        (
            "a { include open.conf; }\ninclude open.conf;",
            """
            open.conf:1:3: error: unexpected end of file: the block of "b" that was opened here is \
            not closed
            b {
              ^
            help: a "}" is missing
            """
        ),
        (
            "a { include close.conf; }",
            """
            close.conf:1:1: error: unexpected "}"
            }
            ^
            help: no block is open here
            """
        ),
    ])
    func includeErrors(text: String, expected: String) {
        let files = [
            "loop.conf": "a { b; include loop.conf; }", "open.conf": "b {", "close.conf": "}",
        ]
        #expect(parseErrors(text, files: files) == expected)
    }

    @Test func deeplyNestedIncludesAreRefused() {
        var files: [String: String] = [:]
        for depth in 0..<100 { files["\(depth)"] = "d\(depth); include \(depth + 1);" }
        let parsed = parse("include 0;", files: files)
        #expect(parsed.diagnostics.map(\.message) == ["files are included more than 64 deep"])
        #expect(parsed.tree.count == 64)
    }

    @Test func multiplyingIncludesAreStopped() {
        var files: [String: String] = [:]
        for depth in 0..<40 { files["\(depth)"] = "include \(depth + 1); include \(depth + 1);" }
        files["40"] = ""
        let found = parse("include 0;", files: files).diagnostics.map(\.message)
        #expect(found == ["files are included more than 100000 times"])
    }

    @Test func unreadableMainFileIsError() {
        let parsed = parse(
            main: "/etc/apus.conf", load: { _ in .failure(LoadFailure("Permission denied")) },
            glob: { _ in [] })
        #expect(
            parsed.diagnostics.map { $0.render(in: parsed.sources) }
                == ["error: cannot read \"/etc/apus.conf\": Permission denied"])
    }

    @Test(arguments: [
        (
            "http {\n    server {\n    }\n", "[http]{[server]{}}",
            """
            apus.conf:1:6: error: unexpected end of file: the block of "http" that was opened here \
            is not closed
            http {
                 ^
            help: a "}" is missing
            """
        ),
        (
            "a;\n}\nb;", "[a];[b];",
            """
            apus.conf:2:1: error: unexpected "}"
            }
            ^
            help: no block is open here
            """
        ),
        (
            "a {\n\troot /srv # here\n}\nb;", "[a]{[root][/srv];}[b];",
            """
            apus.conf:2:11: error: ";" is missing here
            \troot /srv # here
            \t         ^
            """
        ),
        (
            "a { b \"c\"}", "[a]{[b][c];}",
            """
            apus.conf:1:10: error: ";" is missing here
            a { b "c"}
                     ^
            """
        ),
        (
            "a b", "[a][b];",
            """
            apus.conf:1:4: error: ";" is missing here
            a b
               ^
            """
        ),
        (
            "a {\n b { root /srv}\n}\nc;", "[a]{[b]{[root][/srv];}}[c];",
            """
            apus.conf:2:15: error: ";" is missing here
             b { root /srv}
                          ^
            """
        ),
        (
            "types { a { b; } c d; }", "[types]{[c][d];}",
            """
            apus.conf:1:11: error: unexpected "{"
            types { a { b; } c d; }
                      ^
            help: the block around it contains values, each followed by ";"
            """
        ),
        ("{ a; } b;", "[b];", "apus.conf:1:1: error: unexpected \"{\"\n{ a; } b;\n^"),
    ])
    func errors(text: String, tree: String, expected: String) {
        #expect(parseErrors(text) == expected)
        #expect(outline(parse(text).tree) == tree)
    }

    @Test func everyErrorIsReported() {
        let found = parse("; a { b } } c \"d\"e; f").diagnostics.map(\.message)
        #expect(
            found == [
                "unexpected \";\"", "\";\" is missing here", "unexpected \"}\"",
                "unexpected \"e\" after a quoted word", "\";\" is missing here",
            ])
    }

    @Test func blockDepthIsLimited() {
        let deep = 128
        let good = String(repeating: "a{", count: deep) + String(repeating: "}", count: deep)
        #expect(parse(good).diagnostics.isEmpty)
        let bad = "a{" + good + "}"
        #expect(parse(bad).diagnostics.map(\.message) == ["blocks are nested more than 128 deep"])
        let open = parse(String(repeating: "a{", count: 100_000))
        #expect(open.diagnostics.count == 129)
    }

    @Test func tenThousandLocationsAreParsed() {
        var text = "http { server {\n"
        for index in 0..<10_000 {
            text += "location /\(index)/ { root /srv/\(index); location ~ \\.x$ { gzip on; } }\n"
        }
        text += "} }\n"
        let (draft, errors) = interpret(text)
        #expect(errors == "")
        #expect(draft.closed.count == 20_002)
        #expect(draft.closed[19_999].root == "/srv/9999")
        #expect(draft.closed[19_998].isGzip == true)
    }

    /// For any bytes, parsing, interpreting and rendering terminate.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func mutatedConfigurationsNeverTrap(seed: UInt64) {
        var random = Random(state: seed)
        let text = """
            http { server { listen 80; root "/s\\"rv"; # comment
            location ~ ^/a{2}\\.x$ { return 200 'x ${y}'; } types { text/html html htm; }
            include a.conf; include *.conf; gzip on; send_timeout 1h30m; if ($a = "b") { return 1; }
            } }
            """
        let alphabet = Array(" \t\r\n;{}#\"'\\$()abc\u{0}\u{FEFF}\u{A0}".utf8) + [0xFF, 0xC2, 0xF0]
        for _ in 0..<50 {
            var bytes = Array(text.utf8)
            for _ in 0..<Int(random.next() % 12) {
                let index = Int(random.next() % UInt64(bytes.count))
                let byte = alphabet[Int(random.next() % UInt64(alphabet.count))]
                switch random.next() % 4 {
                case 0: bytes[index] = byte
                case 1: bytes.insert(byte, at: index)
                case 2: bytes[index] = UInt8(truncatingIfNeeded: random.next())
                default: if bytes.count > 1 { bytes.remove(at: index) }
                }
            }
            let parsed = parse(bytes: bytes, files: ["a.conf": "root /x; } {"])
            var draft = Draft()
            let found =
                parsed.diagnostics
                + Interpreter(table).interpret(parsed.tree, into: &draft)
            #expect(
                found.allSatisfy { $0.render(in: parsed.sources).contains($0.severity.rawValue) })
            #expect(draft.levels.count == 1)
        }
    }
}

/// A small seeded generator (SplitMix64).
private struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
