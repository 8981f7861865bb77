import Testing

@testable import Server

@Suite struct AcceptEncodingClassesTests {
    private func number(
        _ classes: inout AcceptEncodingClasses, _ codings: String, agent: String = "",
        old: Bool = false,
        matches: Bool = false
    ) -> UInt16? {
        classes.number(
            codings: Array(codings.utf8).span, agent: Array(agent.utf8).span, isOldVersion: old,
            expressions: agent.isEmpty ? 0 : 1
        ) { _ in matches }
    }

    @Test func equalPreferencesShareClass() {
        var classes = AcceptEncodingClasses()
        let plain = number(&classes, "")
        let browser = number(&classes, "gzip, deflate, br, zstd")
        #expect(plain != nil && browser != nil && plain != browser)
        #expect(number(&classes, "gzip,deflate,br,zstd") == browser)
        #expect(number(&classes, "gzip, deflate, br, zstd") == browser)
        #expect(number(&classes, "deflate") == plain)
        #expect(number(&classes, "gzip") != browser)
        #expect(number(&classes, "gzip;q=0.5, br") != number(&classes, "gzip, br"))
        #expect(number(&classes, "identity;q=0") != plain)
    }

    @Test func versionAndUserAgentSeparateClasses() {
        var classes = AcceptEncodingClasses()
        let new = number(&classes, "gzip", agent: "A")
        #expect(number(&classes, "gzip", agent: "B") == new)
        #expect(number(&classes, "gzip", agent: "C", matches: true) != new)
        #expect(number(&classes, "gzip", agent: "A", old: true) != new)
    }

    @Test func longValuesAreClassified() {
        var classes = AcceptEncodingClasses()
        let long = "gzip, " + String(repeating: "x", count: 2000)
        #expect(number(&classes, long) == number(&classes, "gzip"))
    }

    @Test func numberOfClassesIsBounded() {
        var classes = AcceptEncodingClasses()
        var numbers: [UInt16?] = []
        for weight in 1...200 {
            numbers.append(number(&classes, "gzip;q=0.\(100 &+ weight)"))
        }
        #expect(numbers.last == .some(nil))
        #expect(number(&classes, "gzip;q=0.101") == numbers.first)
    }
}
