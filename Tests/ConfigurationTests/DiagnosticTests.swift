import Testing

@testable import Configuration

@Suite struct DiagnosticTests {
    private func render(_ text: String, at offset: Int, length: Int) -> String {
        var sources = Sources()
        let source = sources.add(SourceText(name: "f", bytes: Array(text.utf8)))
        return Diagnostic(
            .warning, "m", at: Place(source: source, offset: offset), length: length, help: ["h"]
        ).render(in: sources)
    }

    @Test(arguments: [
        ("ab", 0, 2, "f:1:1: warning: m\nab\n^~\nhelp: h"),
        ("a\n\tb c", 5, 1, "f:2:4: warning: m\n\tb c\n\t  ^\nhelp: h"),
        ("a\r\nb\r\n", 3, 9, "f:2:1: warning: m\nb\n^\nhelp: h"),
        ("\u{E9}\u{4E2D} x", 6, 1, "f:1:4: warning: m\n\u{E9}\u{4E2D} x\n   ^\nhelp: h"),
        ("x \u{E9}\u{E9}", 2, 4, "f:1:3: warning: m\nx \u{E9}\u{E9}\n  ^~\nhelp: h"),
        ("a\n", 2, 1, "f:2:1: warning: m\n\n^\nhelp: h"),
        ("", 0, 0, "f:1:1: warning: m\n\n^\nhelp: h"),
        ("ab", 99, 5, "f:1:3: warning: m\nab\n  ^\nhelp: h"),
        ("a\u{1B}b", 2, 1, "f:1:3: warning: m\na\\x1Bb\n     ^\nhelp: h"),
        ("\u{85}b", 0, 2, "f:1:1: warning: m\n\\xC2\\x85b\n^~~~~~~~\nhelp: h"),
        ("a\u{202E}b", 4, 1, "f:1:3: warning: m\na\\xE2\\x80\\xAEb\n             ^\nhelp: h"),
        ("ab", 1, Int.max, "f:1:2: warning: m\nab\n ^\nhelp: h"),
        ("ab", 0, -5, "f:1:1: warning: m\nab\n^\nhelp: h"),
    ])
    func rendering(text: String, offset: Int, length: Int, expected: String) {
        #expect(render(text, at: offset, length: length) == expected)
    }

    @Test func longLineIsCutAroundPlace() {
        let text = String(repeating: "a", count: 300) + "B" + String(repeating: "c", count: 300)
        let side = String(repeating: "a", count: 80)
        let other = "B" + String(repeating: "c", count: 79)
        #expect(
            render(text, at: 300, length: 1) == """
                f:1:301: warning: m
                \u{2026}\(side)\(other)\u{2026}
                \(String(repeating: " ", count: 81))^
                help: h
                """)
    }

    @Test func missingPlaceIsOmitted() {
        let lost = Diagnostic(.note, "m\n", at: Place(source: 7, offset: 0))
        #expect(lost.render(in: Sources()) == "note: m\\x0A")
    }

    @Test func fileNamesAndMessagesAreEscaped() {
        var sources = Sources()
        let source = sources.add(SourceText(name: "f\u{9B}1m\n", bytes: Array("x".utf8)))
        let text = Diagnostic(
            .error, "m\u{2066}", at: Place(source: source, offset: 0), length: 1,
            help: ["h\u{2029}"]
        ).render(in: sources)
        #expect(
            text == "f\\xC2\\x9B1m\\x0A:1:1: error: m\\xE2\\x81\\xA6\nx\n^\n"
                + "help: h\\xE2\\x80\\xA9")
    }
}

@Suite struct SuggestionTests {
    @Test(
        arguments: [
            ("rooot", "root"), ("root_", "root"), ("lisetn", "listen"), ("Listen", "listen"),
            ("SERVER_NAME", "server_name"), ("servername", "server_name"), ("fi", "if"),
            ("sevrer", "server"), ("add_headers", "add_header"), ("xyz", nil), ("", nil),
            ("completely_other", nil), ("r", nil),
        ] as [(String, String?)])
    func nearest(word: String, expected: String?) {
        let names = ["add_header", "if", "listen", "root", "server", "server_name"]
        #expect(Suggestion.nearest(to: word, among: names) == expected)
    }

    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "ab", 2), ("ab", "ba", 1), ("abc", "abd", 1),
        ("kitten", "sitting", 3), ("ca", "abc", 3), ("abcd", "acbd", 1),
    ])
    func distance(left: String, right: String, expected: Int) {
        #expect(Suggestion.distance(Array(left.utf8), Array(right.utf8)) == expected)
    }
}
