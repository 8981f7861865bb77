import Files
import Testing

@testable import Server

@Suite struct MapTableTests {
    /// Returns the result for a value in a table of these strings, numbered from 0, and
    /// expressions, from 100.
    private func outcome(
        of value: String, _ strings: [String], regexes: [Regex] = [], hostnames: Bool = false
    ) throws -> MapTable.Outcome {
        let arena = Arena()
        var gathered = MapStrings()
        for (index, string) in strings.enumerated() {
            try gathered.add(Array(string.utf8), result: Int32(index), hostnames: hostnames)
        }
        let rows = regexes.indices.map {
            MapRegex(regex: Int32($0), result: Int32(100 + $0), pattern: arena.store(""))
        }
        let table = gathered.table(regexes: rows, hasHostnames: hostnames, in: arena)
        let outcome = table.outcome(of: Array(value.utf8).span) { regexes[Int($0)].matches($1) }
        withExtendedLifetime(arena) {}
        return outcome
    }

    @Test(
        arguments: [
            ("one", 0), ("ONE", 0), ("Two", 1), ("", 2), ("three", nil), ("on", nil), ("one.", nil),
            ("*.b", 3), ("x.b", nil), ("\u{E9}", 4),
        ] as [(String, Int32?)])
    func stringsIgnoreCase(value: String, result: Int32?) throws {
        let expected = result.map { MapTable.Outcome.result($0) } ?? .none
        #expect(try outcome(of: value, ["one", "TWO", "", "*.b", "\u{E9}"]) == expected)
    }

    @Test(
        arguments: [
            ("example.com", 0), ("Example.COM.", 0), ("a.example.com", 1), ("a.b.example.com", 1),
            ("a.sub.example.com", 2), ("dotted.org", 3), ("x.dotted.org", 3), ("mail.net", 4),
            ("mail.co.uk", 4), ("mail.example.net", 5), ("mail.", nil), ("mail", nil),
            // A leading wildcard is preferred to a trailing one.
            ("mail.example.com", 1), ("xexample.com", nil), ("", nil), (".", nil), ("..", nil),
            (".example.com", 1), ("mail..", 4),
        ] as [(String, Int32?)])
    func hostNamesMayHaveWildcards(value: String, result: Int32?) throws {
        let strings = [
            "example.com", "*.example.com", "*.sub.example.com", ".dotted.org", "mail.*",
            "mail.example.*",
        ]
        let expected = result.map { MapTable.Outcome.result($0) } ?? .none
        #expect(try outcome(of: value, strings, hostnames: true) == expected)
    }

    @Test(
        arguments: [
            ("image/png", .matched(100, regex: 0)), ("IMAGE/png", .matched(101, regex: 1)),
            ("text/html", .result(0)), ("imagery", .matched(102, regex: 2)), ("", .none),
            ("xxx", .none),
        ] as [(String, MapTable.Outcome)])
    func firstMatchingRegexWins(value: String, expected: MapTable.Outcome) throws {
        let regexes = [
            try Regex.compile(pattern: "^image/", caseless: false),
            try Regex.compile(pattern: "^image/", caseless: true),
            try Regex.compile(pattern: "^(imag.*|t|)$", caseless: false),
        ]
        #expect(try outcome(of: value, ["text/html"], regexes: regexes) == expected)
    }

    @Test func exponentialRegexIsReported() throws {
        let regexes = [
            try Regex.compile(pattern: "^(a+)+$", caseless: false),
            try Regex.compile(pattern: "a", caseless: false),
        ]
        let value = String(repeating: "a", count: 64) + "b"
        #expect(try outcome(of: value, [], regexes: regexes) == .failed(row: 0))
    }

    @Test(arguments: [
        (["a", "A"], false), (["", ""], false), (["a.b", ".a.b"], true), ([".a.b", "a.b"], true),
        (["*.a.b", ".a.b"], true), (["*.a", "*.A"], true), (["a.*", "A.*"], true),
    ])
    func duplicateStringIsRefused(strings: [String], hostnames: Bool) {
        #expect(throws: MapStrings.Refusal.conflicting) {
            try outcome(of: "", strings, hostnames: hostnames)
        }
    }

    @Test(arguments: ["*", "a.*.b", "*a.b", "a*", "*.*", "a..b", "*.a.*", "\0", "*."])
    func invalidWildcardsAreRefused(string: String) throws {
        #expect(throws: MapStrings.Refusal.invalidWildcard) {
            try outcome(of: "", [string], hostnames: true)
        }
        // Without hostnames, they are ordinary strings.
        #expect(try outcome(of: string, [string]) == .result(0))
    }
}
