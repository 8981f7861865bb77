import Files
import Linux
import Testing

/// What nginx 1.22.1 answered for the same names.
@Suite struct DirectoryDataTests {
    func listing(_ fill: (TemporaryDirectory) -> Void) throws -> DirectoryListing {
        let temporary = TemporaryDirectory()
        fill(temporary)
        return try DirectoryListing.read(owning: temporary.open(), links: .follow)
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
        let listing = try listing(fill)
        #expect(String(decoding: listing.json(), as: UTF8.self) == DirectoryDataTests.json)
    }

    @Test func controlCharactersInJSON() throws {
        let listing = try listing { $0.file("\u{8}\u{C}\r\u{1F}\u{1A}") }
        let text = String(decoding: listing.json(), as: UTF8.self)
        #expect(text.contains(#""name":"\b\f\r\u001F\u001A""#))
    }

    @Test func jsonp() throws {
        let listing = try listing(fill)
        #expect(
            String(decoding: listing.jsonp(callback: Array("a.b".utf8).span), as: UTF8.self)
                == "/* callback */\r\na.b(" + DirectoryDataTests.json + ");")
        #expect(listing.jsonp(callback: [UInt8]().span) == listing.json())
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
        #expect(String(decoding: try listing(fill).xml(), as: UTF8.self) == expected)
    }

    @Test func emptyDirectory() throws {
        let listing = try listing { _ in }
        #expect(listing.json() == Array("[\r\n]".utf8))
        #expect(
            listing.jsonp(callback: Array("f".utf8).span)
                == Array("/* callback */\r\nf([\r\n]);".utf8))
        #expect(listing.xml() == Array("<?xml version=\"1.0\"?>\r\n<list>\r\n</list>\r\n".utf8))
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
