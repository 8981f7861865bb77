import Foundation

extension DirectiveGroup {
    private static let names: [String: Fixture] = [
        "d/a.txt": "hello", "d/b \"<&>.txt": "x", "d/sub/f": "x", "e/b": .pattern(30),
        "e/a": .pattern(20), "e/c": .pattern(10),
    ]

    // MARK: autoindex

    private static let formats = """
        autoindex on;
        location /json/ { alias {root}/d/; autoindex_format json; }
        location /jsonp/ { alias {root}/d/; autoindex_format jsonp; }
        location /xml/ { alias {root}/d/; autoindex_format xml; autoindex_localtime on; }
        """

    /// Listings of directories.
    static let listings = DirectiveGroup("listings") {
        DirectiveCase(
            "autoindex, autoindex_format: a page in chunks", server: formats, files: names,
            .get(
                "/d/", expect: 200, .field("Content-Type", "text/html"), .chunked, .keeps,
                .noField("Content-Length"), .noField("Last-Modified"),
                .bodyContains("<a href=\"a.txt\">a.txt</a>"),
                .bodyContains("<a href=\"sub/\">sub/</a>")),
            .head(
                "/d/", expect: 200, .field("Content-Type", "text/html"), .empty,
                .noField("Content-Length"), .noField("Transfer-Encoding")),
            .raw("GET /d/ HTTP/1.0\r\n\r\n", expect: 200, .closes, .noField("Transfer-Encoding")),
            .post("/d/", expect: 403), .get("/d", expect: 301),
            .get("/none/", expect: 404), .get("/d/a.txt/", expect: 404))
        DirectiveCase(
            "autoindex_format: as data", server: formats, files: names,
            .get(
                "/json/", expect: 200, .field("Content-Type", "application/json"), .chunked,
                .bodyContains("\"name\":\"b \\\"<&>.txt\", \"type\":\"file\"")),
            .get("/jsonp/", expect: 200, .field("Content-Type", "application/json")),
            .get(
                "/jsonp/?x=y&callback=a.b&z", expect: 200,
                .field("Content-Type", "application/javascript"),
                .bodyContains("/* callback */\r\na.b([\r\n{")),
            .get("/jsonp/?callback=a-b", expect: 400),
            .get("/jsonp/?callback=", expect: 200, .field("Content-Type", "application/json")),
            .get(
                "/xml/", expect: 200, .field("Content-Type", "text/xml; charset=utf-8"), .chunked,
                .bodyContains("mtime=\"2020-02-14T13:14:15Z\" size=\"1\">b &quot;&lt;&amp;&gt;")),
            .head("/xml/", expect: 200, .field("Content-Type", "text/xml; charset=utf-8"), .empty))
        DirectiveCase(
            "autoindex_format: an invalid format", server: "autoindex_format yaml;",
            refuses: "invalid value \"yaml\"")
        DirectiveCase(
            "autoindex, gzip: a listing is compressed",
            server: "autoindex on; autoindex_format json; gzip on; gzip_types *; gzip_vary on;",
            files: names,
            .get(
                "/d/", ["Accept-Encoding: gzip"], expect: 200, .chunked,
                .field("Content-Encoding", "gzip"), .field("Vary", "Accept-Encoding")),
            .head(
                "/d/", ["Accept-Encoding: gzip"], expect: 200, .empty,
                .field("Content-Encoding", "gzip"), .noField("Content-Length")))
        DirectiveCase(
            "autoindex_sort: by the query", server: "autoindex on; autoindex_sort on;",
            files: names, nginx: .ownAddition,
            .get("/e/", expect: 200, .bodyContains(">a</a>"), .bodyContains("?C=N&amp;O=D")),
            .get(
                "/e/?C=S&O=A", expect: 200, .bodyContains("?C=S&amp;O=D"),
                .bodyContains("<td>10</td></tr>\n<tr><td><a href=\"a\">")),
            .get(
                "/e/?O=D&C=N", expect: 200, .bodyContains("?C=N&amp;O=A"),
                .bodyContains("<td>10</td></tr>\n<tr><td><a href=\"b\">")))
    }

    // MARK: random_index, empty_gif

    /// Content that is not a file.
    static let pictures = DirectiveGroup("pictures") {
        DirectiveCase(
            "random_index: the only file of a directory",
            server: """
                location / { random_index on; index index.html; }
                location /d/f { max_ranges 0; }
                """,
            files: [
                "d/f.txt": "only", "d/.hidden": "x", "d/sub/g": "x", "l/.h": "x",
                "e/sub/index.html": "i",
            ],
            links: ["d/none": "nothing", "d/link": "sub", "l/f": "../d/f.txt"],
            .get("/d/", expect: 200, "only", .noField("Accept-Ranges")),
            .head("/d/", expect: 200, .field("Content-Length", "4")),
            .get("/l/", expect: 200, "only"),
            .get("/e/", expect: 403), .get("/none/", expect: 404),
            .method("DELETE", "/d/", expect: 405, nginx: allow))
        DirectiveCase(
            "empty_gif: a picture of one pixel",
            server: """
                location /g { empty_gif; location /g/in { } }
                location /z { empty_gif; gzip on; gzip_types image/gif; gzip_min_length 1; }
                """,
            files: ["g/in/f": "file"],
            .get(
                "/g", expect: 200, .field("Content-Type", "image/gif"),
                .field("Content-Length", "43"), .noField("ETag"), .noField("Accept-Ranges"),
                .field("Last-Modified", "Mon, 28 Sep 1970 06:00:00 GMT")),
            .get("/g/in/f", expect: 200, "file"),
            .head("/g/", expect: 200, .field("Content-Length", "43"), .empty),
            .get(
                "/g", ["If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT"], expect: 304),
            .get("/g", ["Range: bytes=0-3"], expect: 200),
            .get(
                "/z", ["Accept-Encoding: gzip"], expect: 200, .field("Content-Encoding", "gzip")),
            .post("/g", expect: 405, nginx: allow))
    }

    private static let allow = NginxVerdict.differs(.allowOn405, [405, .noField("Allow")])

    // MARK: gunzip

    private static let text = String(repeating: "A line of text.\n", count: 5000)

    /// Pre-compressed files for clients that do not accept them.
    static let decompressed = DirectiveGroup("decompressed") {
        DirectiveCase(
            "gunzip: for clients that do not take gzip",
            server: """
                gunzip on; gunzip_buffers 32 4k; gzip_static always;
                location /vary/ { alias {root}/; gzip_vary on; }
                location /off/ { alias {root}/; gunzip off; }
                """,
            files: ["a.txt.gz": .stored(Array(text.utf8)), "bad.txt.gz": "no gzip at all"],
            .get(
                "/a.txt", expect: 200, .body(text), .chunked, .noField("Content-Encoding"),
                .noField("Content-Length"), .noField("Accept-Ranges"), .noField("Vary")),
            .get(
                "/vary/a.txt", ["Range: bytes=0-3"], expect: 200, .body(text),
                .field("Vary", "Accept-Encoding")),
            .head("/a.txt", expect: 200, .empty, .noField("Content-Length")),
            .raw("GET /a.txt HTTP/1.0\r\n\r\n", expect: 200, .body(text), .closes),
            .get(
                "/vary/a.txt", ["Accept-Encoding: gzip"], expect: 200, .gzipped(text),
                .field("Content-Encoding", "gzip"), .field("Vary", "Accept-Encoding"),
                nginx: sidecarRanges),
            .get(
                "/off/a.txt", expect: 200, .gzipped(text), .field("Content-Encoding", "gzip"),
                nginx: sidecarRanges),
            .get(
                "/a.txt", ["If-None-Match: *"], expect: 304, .noField("Content-Encoding"),
                nginx: .differs(.tagOnNotModified, [304, .noField("Content-Encoding")])))
    }

    private static let sidecarRanges = NginxVerdict.before(
        "1.29.3", [200, .field("Content-Encoding", "gzip"), .noField("Accept-Ranges")])

    // MARK: charset

    /// The charset of Content-Type.
    static let charsets = DirectiveGroup("charsets") {
        DirectiveCase(
            "charset, charset_types: in Content-Type",
            server: """
                charset utf-8; gzip on; gzip_min_length 1;
                location /off/ { alias {root}/; charset off; }
                location /none/ { alias {root}/; charset ""; }
                location /css/ { alias {root}/; charset_types text/css; charset Big5; }
                location /all/ { alias {root}/; charset_types *; }
                location /typed/ { alias {root}/; types { } default_type "text/html; charset=x"; }
                location /var/ { alias {root}/; charset $arg_c; override_charset on; }
                """,
            files: ["a.txt": "text", "a.html": "html", "a.css": "css", "a.png": "png", "d/f": ""],
            .get("/a.txt", expect: 200, .field("Content-Type", "text/plain; charset=utf-8")),
            .head("/a.txt", expect: 200, .field("Content-Type", "text/plain; charset=utf-8")),
            .get("/a.css", expect: 200, .field("Content-Type", "text/css")),
            .get("/off/a.txt", expect: 200, .field("Content-Type", "text/plain")),
            .get("/none/a.txt", expect: 200, .field("Content-Type", "text/plain")),
            .get("/css/a.css", expect: 200, .field("Content-Type", "text/css; charset=Big5")),
            .get("/css/a.txt", expect: 200, .field("Content-Type", "text/plain")),
            .get("/css/a.html", expect: 200, .field("Content-Type", "text/html; charset=Big5")),
            .get("/all/a.png", expect: 200, .field("Content-Type", "image/png; charset=utf-8")),
            .get("/typed/a", expect: 404, .field("Content-Type", "text/html; charset=utf-8")),
            .get("/typed/a.txt", expect: 200, .field("Content-Type", "text/html; charset=x")),
            .get(
                "/var/a.txt?c=UTF-8", expect: 200,
                .field("Content-Type", "text/plain; charset=UTF-8")),
            .get(
                "/var/a.txt?c=klingon", expect: 200,
                .field("Content-Type", "text/plain; charset=klingon")),
            .get("/none", expect: 404, .field("Content-Type", "text/html; charset=utf-8")),
            .get("/d", expect: 301, .field("Content-Type", "text/html")),
            .get(
                "/a.txt", ["Range: bytes=0-0,2-2"], expect: 206,
                .bodyContains("Content-Type: text/plain; charset=utf-8\r\n"),
                ignoring: ["Content-Type"]),
            .get(
                "/a.html", ["Accept-Encoding: gzip"], expect: 200, .gzipped("html"),
                .field("Content-Type", "text/html; charset=utf-8")))
        DirectiveCase(
            "charset_map, charset: no map between the two",
            server: "charset utf-8; source_charset klingon;",
            refuses: "no \"charset_map\" between the charsets \"klingon\" and \"utf-8\"")
        DirectiveCase(
            "charset_map: twice the same", http: "charset_map a A { 80 81; }",
            refuses: "\"charset_map\" between the same charsets \"a\" and \"A\"")
        DirectiveCase(
            "charset_map: the reverse direction is a duplicate",
            http: "charset_map a b { 80 81; } charset_map B a { 80 81; }",
            refuses: "duplicate \"charset_map\" between \"B\" and \"a\"")
        DirectiveCase(
            "charset_map: a byte is FF at most", http: "charset_map a b { 100 81; }",
            refuses: "invalid value \"100\"")
        DirectiveCase(
            "charset_map: a character is three bytes at most",
            http: "charset_map a utf-8 { 80 F09F9880; }", refuses: "invalid value \"F09F9880\"")
        DirectiveCase(
            "charset_map: two numbers a line", http: "charset_map a b { 80 81 82; }",
            refuses: "invalid parameters number")
    }

    static let latinMaps = """
        charset_map latin utf-8 { E9 C3A9; 80 E282AC; fc c3bc; }
        charset_map rot latin { 98 E9; 99 E8; }
        """

    static let latinText: [UInt8] =
        Array("caf".utf8) + [0xE9, 0x20, 0x80, 0x20, 0xFF, 0x0A]
    private static let unicode: [UInt8] =
        Array("café € ü 😀 ".utf8) + [0x80, 0xC3, 0x41, 0x0A]

    /// Texts converted to another charset.
    static let recoded = DirectiveGroup("recoded") {
        DirectiveCase(
            "charset_map, source_charset: to UTF-8", http: latinMaps,
            server: """
                charset utf-8; source_charset latin;
                location /gz/ { alias {root}/; gzip on; gzip_min_length 1; gzip_types text/plain; }
                location /same/ { alias {root}/; source_charset UTF-8; }
                location /packed/ { alias {root}/; gzip_static always; }
                location /unpacked/ { alias {root}/; gzip_static always; gunzip on; }
                location /var/ { alias {root}/; source_charset $arg_s; charset $arg_c; }
                """,
            files: [
                "a.txt": .bytes(latinText), "a.png": .bytes(latinText), "d/f": "",
                "p.txt.gz": .stored(latinText),
            ],
            .get(
                "/a.txt", expect: 200, "café € ?\n", .chunked, .noField("Content-Length"),
                .field("Content-Type", "text/plain; charset=utf-8"), .noField("Accept-Ranges")),
            .get("/a.txt", ["Range: bytes=0-3"], expect: 200, "café € ?\n"),
            .head("/a.txt", expect: 200, .empty, .noField("Content-Length")),
            .raw("GET /a.txt HTTP/1.0\r\n\r\n", expect: 200, "café € ?\n", .closes),
            .get("/a.png", expect: 200, .field("Content-Length", "9")),
            .get("/gz/a.txt", ["Accept-Encoding: gzip"], expect: 200, .gzipped("café € ?\n")),
            .get(
                "/same/a.txt", expect: 200, .field("Content-Length", "9"),
                .field("Content-Type", "text/plain; charset=utf-8")),
            .get(
                "/packed/p.txt", expect: 200, .field("Content-Type", "text/plain"),
                .field("Content-Encoding", "gzip"), nginx: sidecarRanges),
            .get(
                "/unpacked/p.txt", expect: 200, "café € ?\n",
                .field("Content-Type", "text/plain; charset=utf-8")),
            .get("/none", expect: 404, .chunked, .noField("Content-Length")),
            .head("/d", expect: 301, .noField("Content-Length")),
            .get(
                "/var/a.txt?s=latin&c=utf-8", expect: 200, "café € ?\n",
                .field("Content-Type", "text/plain; charset=utf-8")),
            .get(
                "/var/a.txt?s=latin&c=klingon", expect: 200, .field("Content-Type", "text/plain"),
                .field("Content-Length", "9"),
                .errorLog("no \"charset_map\" between the charsets \"latin\" and \"klingon\"")),
            .get(
                "/var/a.txt?s=klingon&c=Klingon", expect: 200,
                .field("Content-Type", "text/plain; charset=Klingon")),
            .same(.get("/a.txt", ["If-None-Match: *"], expect: 304)))
        DirectiveCase(
            "charset_map, charset: from UTF-8 and byte for byte", http: latinMaps,
            server: """
                location /latin/ { alias {root}/; charset latin; source_charset utf-8; }
                location /rot/ { alias {root}/; charset latin; source_charset rot; }
                """,
            files: [
                "u.txt": .bytes(unicode), "r.txt": .bytes(Array("abc".utf8) + [0x98, 0x99, 0x98]),
            ],
            .get("/latin/u.txt", expect: 200, .chunked),
            .get(
                "/rot/r.txt", expect: 200, .field("Content-Length", "6"),
                .field("Accept-Ranges", "bytes"),
                .field("Content-Type", "text/plain; charset=latin")),
            .get(
                "/rot/r.txt", ["Range: bytes=2-4"], expect: 206,
                .field("Content-Range", "bytes 2-4/6")),
            .get(
                "/rot/r.txt", ["Range: bytes=0-0,2-2"], expect: 206,
                .bodyContains("Content-Range: bytes 2-2/6\r\n\r\nc\r\n"),
                ignoring: ["Content-Type"]))
        DirectiveCase(
            "override_charset: responses that have a charset", http: latinMaps,
            server: """
                autoindex on; autoindex_format xml; charset latin;
                location /d/ { override_charset on; }
                location /e/ { override_charset on; source_charset rot; }
                """,
            files: ["d/ü": "x", "e/ü": "x", "f/ü": "x"],
            .get("/f/", expect: 200, .field("Content-Type", "text/xml; charset=utf-8")),
            .get("/d/", expect: 200, .field("Content-Type", "text/xml; charset=latin")),
            .get("/e/", expect: 200, .field("Content-Type", "text/xml; charset=latin")))
    }
}

extension Fixture {
    /// Returns the gzip format (RFC 1952) with stored blocks (RFC 1951, section 3.2.4) of at most
    /// 65,535 bytes.
    static func stored(_ content: [UInt8]) -> Fixture {
        func little(_ number: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }
        var checksum: UInt32 = .max
        for byte in content {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        var bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
        for start in stride(from: 0, to: max(content.count, 1), by: 65535) {
            let block = content[start..<min(start + 65535, content.count)]
            bytes += [start + 65535 >= content.count ? 1 : 0]
            bytes += little(block.count, 2) + little(~block.count, 2) + block
        }
        return .bytes(bytes + little(Int(~checksum), 4) + little(content.count, 4))
    }
}
