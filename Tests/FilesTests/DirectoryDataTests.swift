import Files
import Linux
import Testing

/// The output of nginx 1.22.1 for the same names.
@Suite struct DirectoryDataTests {
    func listing(
        _ format: DirectoryListing.Format, callback: String = "",
        _ fill: (TemporaryDirectory) -> Void
    ) throws -> String {
        let temporary = TemporaryDirectory()
        fill(temporary)
        var style = DirectoryListing.Style()
        style.format = format
        style.callback = Array(callback.utf8)
        let bytes = try ListingBody(owning: temporary.open(), links: .follow, style: style).all()
        return String(decoding: bytes, as: UTF8.self)
    }

    func fill(_ temporary: TemporaryDirectory) {
        temporary.directory("dir", modified: 1_795_256_959)
        temporary.file("a b.txt", size: 2, modified: 1_795_256_959)
        temporary.fifo("fifo", modified: 1_795_256_959)
        temporary.file("it's", size: 0, modified: 1_795_256_959)
        temporary.file("nl\n\u{1}\u{7F}\ttab\\.txt", size: 1, modified: 1_795_256_959)
        temporary.file("ü%20&<x>\"q\".txt", size: 3_221_225_472, modified: 1_795_256_959)
    }

    static let json = """
        [\r
        { "name":"dir", "type":"directory", "mtime":"Sat, 21 Nov 2026 10:29:19 GMT" },\r
        { "name":"a b.txt", "type":"file", "mtime":"Sat, 21 Nov 2026 10:29:19 GMT", "size":2 },\r
        { "name":"fifo", "type":"other", "mtime":"Sat, 21 Nov 2026 10:29:19 GMT" },\r
        { "name":"it's", "type":"file", "mtime":"Sat, 21 Nov 2026 10:29:19 GMT", "size":0 },\r
        { "name":"nl\\n\\u0001\u{7F}\\ttab\\\\.txt", "type":"file", \
        "mtime":"Sat, 21 Nov 2026 10:29:19 GMT", "size":1 },\r
        { "name":"ü%20&<x>\\"q\\".txt", "type":"file", \
        "mtime":"Sat, 21 Nov 2026 10:29:19 GMT", "size":3221225472 }\r
        ]
        """

    @Test func json() throws {
        #expect(try listing(.json, fill) == DirectoryDataTests.json)
    }

    @Test func controlCharactersInJSON() throws {
        let text = try listing(.json) { $0.file("\u{8}\u{C}\r\u{1F}\u{1A}") }
        #expect(text.contains(#""name":"\b\f\r\u001F\u001A""#))
    }

    @Test func jsonp() throws {
        #expect(
            try listing(.jsonp, callback: "a.b", fill)
                == "/* callback */\r\na.b(" + DirectoryDataTests.json + ");")
    }

    @Test func xml() throws {
        let time = "mtime=\"2026-11-21T10:29:19Z\""
        let expected = [
            "<?xml version=\"1.0\"?>", "<list>", "<directory \(time)>dir</directory>",
            "<file \(time) size=\"2\">a b.txt</file>", "<other \(time)>fifo</other>",
            "<file \(time) size=\"0\">it's</file>",
            "<file \(time) size=\"1\">nl\n\u{1}\u{7F}\ttab\\.txt</file>",
            "<file \(time) size=\"3221225472\">ü%20&amp;&lt;x&gt;&quot;q&quot;.txt</file>",
            "</list>", "",
        ].joined(separator: "\r\n")
        #expect(try listing(.xml, fill) == expected)
    }

    @Test func emptyDirectory() throws {
        #expect(try listing(.json) { _ in } == "[\r\n]")
        #expect(
            try listing(.jsonp, callback: "f") { _ in } == "/* callback */\r\nf([\r\n]);")
        #expect(try listing(.xml) { _ in } == "<?xml version=\"1.0\"?>\r\n<list>\r\n</list>\r\n")
    }

    @Test(arguments: [
        ("", true), ("a", true), ("a.b_C$9", true), (String(repeating: "n", count: 128), true),
        (String(repeating: "n", count: 129), false), ("a%20b", false), ("a-b", false),
        ("1[a]", false), ("a(", false), ("ü", false),
    ])
    func callbacks(name: String, isAllowed: Bool) {
        #expect(DirectoryListing.isCallback(Array(name.utf8).span) == isAllowed)
    }
}
