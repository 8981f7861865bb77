import Testing

@testable import Configuration

/// Checked with `nginx -t` where nginx accepts the text.
@Suite struct LexerTests {
    @Test(arguments: [
        ("a;", "[a];"), ("a b c;", "[a][b][c];"), (" \t\r\na\n b\t;\n", "[a][b];"),
        ("a{b;}c;", "[a]{[b];}[c];"), ("a { } b{}", "[a]{}[b]{}"),
        ("a #b;\nc;", "[a][c];"), ("a b#c;", "[a][b#c];"), ("# only", ""), ("", ""), ("#", ""),
        ("a b}c;", "[a][b}c];"), ("a b{c;}", "[a][b]{[c];}"),
        ("a ${b};", "[a][${b}];"), ("a x${b}y;", "[a][x${b}y];"), ("a $b{c;}", "[a][$b]{[c];}"),
        ("a ${{b;", "[a][${{b];"), ("a $${b;", "[a][$${b];"), ("a $\\{b;", "[a][$\\{b];"),
        ("a x$;", "[a][x$];"),
    ])
    func words(text: String, expected: String) {
        let parsed = parse(text)
        #expect(outline(parsed.tree) == expected)
        #expect(parsed.diagnostics.isEmpty)
    }

    @Test(arguments: [
        (#"a "b c";"#, "[a][b c];"), (#"a 'b "c"';"#, #"[a][b "c"];"#), (#"a "";"#, "[a][];"),
        (#""a" 'b';"#, "[a][b];"), (#"a "b;{}#c";"#, "[a][b;{}#c];"),
        (#"a "b" "c";"#, "[a][b][c];"),
        ("a \"b\nc\";", "[a][b\nc];"), (#"if ("x" = "y"){z;}"#, #"[if][("x"][=][y][)]{[z];}"#),
        (#"if ($a ~ "b") {c;}"#, "[if][($a][~][b][)]{[c];}"), (#"a b"c"d;"#, #"[a][b"c"d];"#),
        (#"a "b"{c;}"#, "[a][b]{[c];}"), (#"a "${b}";"#, "[a][${b}];"),
        (#"a "$";"#, "[a][$];"), (#"a "\$";"#, #"[a][\$];"#), (#"a "it's";"#, "[a][it's];"),
    ])
    func quotes(text: String, expected: String) {
        let parsed = parse(text)
        #expect(outline(parsed.tree) == expected)
        #expect(parsed.diagnostics.isEmpty)
    }

    @Test(arguments: [
        (#"a b\ c;"#, #"[a][b\ c];"#), (#"a b\;c;"#, #"[a][b\;c];"#), (#"a \"b;"#, #"[a]["b];"#),
        (#"a "b\"c";"#, #"[a][b"c];"#), (#"a 'b\'c';"#, "[a][b'c];"), (#"a b\\c;"#, #"[a][b\c];"#),
        (#"a b\tc\rd\ne;"#, "[a][b\tc\rd\ne];"), (#"a \.php$;"#, #"[a][\.php$];"#),
        (#"a "\d+\\\.";"#, #"[a][\d+\\.];"#), ("a \\#b;", "[a][\\#b];"),
        (#"a \{b;"#, #"[a][\{b];"#),
        (#"a "b\\";"#, #"[a][b\];"#), (#"a \}b;"#, #"[a][\}b];"#),
    ])
    func escapes(text: String, expected: String) {
        let parsed = parse(text)
        #expect(outline(parsed.tree) == expected)
        #expect(parsed.diagnostics.isEmpty)
    }

    @Test func wordsHavePlaceAndQuoting() throws {
        let parsed = parse("a 'b\\'' # x\n  c\n\"d\";")
        let directive = try #require(parsed.tree.first)
        let words = [directive.name] + directive.arguments
        #expect(words.map(\.place.offset) == [0, 2, 14, 16])
        #expect(words.map(\.length) == [1, 5, 1, 3])
        #expect(words.map(\.isQuoted) == [false, true, false, true])
        #expect(words.map(\.startsLine) == [true, false, true, true])
    }

    @Test func invalidUTF8IsPreserved() {
        let parsed = parse(bytes: [0x61, 0x20, 0xE9, 0xFF, 0x3B])
        #expect(parsed.tree.first?.arguments.first?.bytes == [0xE9, 0xFF])
    }

    @Test func byteOrderMarkIsSkipped() {
        let parsed = parse("\u{FEFF}a b;")
        #expect(outline(parsed.tree) == "[a][b];")
        #expect(parsed.diagnostics.isEmpty)
        let place = Place(source: 0, offset: 3)
        #expect(
            parsed.sources.position(of: place) == Position(name: "apus.conf", line: 1, column: 1))
    }

    @Test func longWordsAreAccepted() {
        let long = String(repeating: "x", count: 100_000)
        #expect(outline(parse("a \(long) \"\(long)\";").tree) == "[a][\(long)][\(long)];")
    }

    @Test(arguments: [
        (";", "apus.conf:1:1: error: unexpected \";\"\n;\n^"),
        ("{ a; }", "apus.conf:1:1: error: unexpected \"{\"\n{ a; }\n^"),
        (
            "a \"b\"c;",
            """
            apus.conf:1:6: error: unexpected "c" after a quoted word
            a "b"c;
                 ^
            help: a space, ";" or "{" must follow the closing quote
            """
        ),
        (
            "a \"b;\nc \"d;\n",
            """
            apus.conf:2:4: error: unexpected "d" after a quoted word
            c "d;
               ^
            help: a space, ";" or "{" must follow the closing quote
            apus.conf:1:3: note: the quote was opened here
            a "b;
              ^
            """
        ),
        (
            "http {\n\ta 'b;\n}\n",
            """
            apus.conf:2:4: error: unexpected end of file: the quote ' that was opened here is not \
            closed
            \ta 'b;
            \t  ^
            """
        ),
    ])
    func errors(text: String, expected: String) {
        #expect(parseErrors(text) == expected)
    }

    @Test(arguments: [
        ("a\u{A0}b;", 1, 2, "a no-break space (U+00A0)"),
        ("a b\u{200B};", 3, 3, "a zero-width space (U+200B)"),
        ("a \u{201C}b;", 2, 3, "a curly double quote (U+201C)"),
        ("a b\u{2019};", 3, 3, "a curly single quote (U+2019)"),
        ("a b\u{FEFF};", 3, 3, "a byte order mark (U+FEFF)"),
        ("a b\0;", 3, 1, "a control character (U+0000)"),
    ])
    func invisibleCharactersAreReported(text: String, offset: Int, length: Int, name: String) {
        let found = parse(text).diagnostics
        #expect(
            found == [
                Diagnostic(
                    .note, "this word contains \(name)", at: Place(source: 0, offset: offset),
                    length: length, help: ["put the word in quotes if this is intended"])
            ])
    }

    @Test(arguments: ["a \"\u{A0}\u{201C}\";", "# \u{A0}\u{200B}\na;", "a \u{E9}\u{4E2D};"])
    func visibleCharactersAreNotReported(text: String) {
        #expect(parse(text).diagnostics.isEmpty)
    }
}
