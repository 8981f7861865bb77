import Files
import Testing

@Suite struct RegexTests {
    @Test(arguments: [
        ("\\.php$", "/index.php", false, true), ("\\.php$", "/index.PHP", false, false),
        ("\\.php$", "/index.PHP", true, true), ("\\.(gif|jpg)$", "/a.jpg", false, true),
        ("\\.(gif|jpg)$", "/a.jpg/", false, false), ("^/$", "/", false, true),
        ("", "", false, true), ("", "x", false, true), ("^$", "", false, true),
        (".", "", false, false), ("^a.b$", "a\u{0}b", false, true),
        ("^.{2}$", "ü", false, true), ("(*UTF)^.$", "ü", false, true),
    ])
    func patternsMatchAsExpected(pattern: String, subject: String, caseless: Bool, isMatch: Bool)
        throws
    {
        let regex = try Regex.compile(pattern: pattern, caseless: caseless)
        #expect(regex.matches(Array(subject.utf8).span) == (isMatch ? .match : .noMatch))
    }

    @Test(arguments: [
        ("(", "missing closing parenthesis", 1), ("a[b", "missing terminating ]", 3),
        ("*", "quantifier does not follow a repeatable item", 0),
        ("a\\", "\\ at end of pattern", 2),
    ])
    func compileErrorHasOffset(pattern: String, message: String, offset: Int) throws {
        let error = #expect(throws: Regex.CompileError.self) {
            try Regex.compile(pattern: pattern, caseless: false)
        }
        let found = try #require(error)
        #expect(found.message.contains(message))
        #expect(found.offset == offset)
    }

    @Test func capturesAreRangesOfSubject() throws {
        let regex = try Regex.compile(
            pattern: "^/(?<user>[^/]+)(/x)?/(?<file>.*)$", caseless: false)
        #expect(regex.captureCount == 3)
        #expect(regex.names.map { "\($0.name)=\($0.number)" } == ["file=3", "user=1"])
        #expect(regex.capture(0) == nil)
        #expect(regex.matches(Array("/ann/a.txt".utf8).span) == .match)
        #expect(regex.capture(0) == 0..<10)
        #expect(regex.capture(1) == 1..<4)
        #expect(regex.capture(2) == nil)
        #expect(regex.capture(3) == 5..<10)
        #expect(regex.capture(4) == nil)
        #expect(regex.capture(-1) == nil)
        #expect(regex.matches(Array("nothing".utf8).span) == .noMatch)
        #expect(regex.capture(0) == nil)
    }

    @Test func groupAfterLastMatchedOneIsUnset() throws {
        let regex = try Regex.compile(pattern: "(a)|(b)|(c)", caseless: false)
        #expect(regex.matches(Array("a".utf8).span) == .match)
        #expect(regex.capture(1) == 0..<1)
        #expect(regex.capture(2) == nil)
        #expect(regex.capture(3) == nil)
    }

    @Test func exponentialPatternHitsLimit() throws {
        let regex = try Regex.compile(pattern: "^(a+)+$", caseless: false)
        let subject = [UInt8](repeating: UInt8(ascii: "a"), count: 5000) + [UInt8(ascii: "!")]
        #expect(regex.matches(subject.span) == .limitReached)
        #expect(regex.capture(0) == nil)
        #expect(regex.matches(Array("aaa".utf8).span) == .match)
    }

    /// The JIT runs out of its stack of 32 KiB here; the interpreter finds the match.
    @Test func deepGroupsMatchLongTarget() throws {
        let regex = try Regex.compile(pattern: "^(?:(a|b)|c)*$", caseless: false)
        let subject = (0..<8000).map { UInt8(ascii: "a") + UInt8($0 % 3) }
        #expect(regex.matches(subject.span) == .match)
    }

    @Test func invalidUTF8FailsOnlyWithUTF() throws {
        let bytes: [UInt8] = [0x2F, 0xFF, 0xFE]
        let plain = try Regex.compile(pattern: "^/..$", caseless: false)
        #expect(plain.matches(bytes.span) == .match)
        let unicode = try Regex.compile(pattern: "(*UTF)^/..$", caseless: false)
        guard case .failed(let code) = unicode.matches(bytes.span) else {
            Issue.record("not UTF-8, and yet no failure")
            return
        }
        #expect(code < 0)
    }
}
