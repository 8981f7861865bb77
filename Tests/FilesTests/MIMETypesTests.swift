import Files
import Linux
import Testing

@Suite struct MIMETypesTests {
    let table = MIMETypes([
        (suffix: "html", type: "text/html"), (suffix: "HTM", type: "text/html"),
        (suffix: "txt", type: "text/plain"), (suffix: "gz", type: "application/gzip"),
        (suffix: "tar.gz", type: "never/found"), (suffix: "ts", type: "text/old"),
        (suffix: "ts", type: "video/mp2t"), (suffix: "", type: "never/empty"),
    ])

    func type(_ path: String) -> String? {
        let number = table.type(forPath: Array(path.utf8).span)
        return number < 0 ? nil : table.types[Int(number)]
    }

    @Test(arguments: [
        ("/a.html", "text/html"), ("/a.HtMl", "text/html"), ("/b/c.htm", "text/html"),
        ("/a.b.txt", "text/plain"), ("/a.tar.gz", "application/gzip"), ("/a.ts", "video/mp2t"),
        ("/.a.html", "text/html"), ("/....html", "text/html"), ("/x/y.z/a.txt", "text/plain"),
        ("a.html", "text/html"), ("/a b%.html", "text/html"),
    ])
    func known(path: String, expected: String) {
        #expect(type(path) == expected)
    }

    /// For names that begin with a dot, nginx 1.22.1 sends its default_type.
    @Test(arguments: [
        "", "/", "/html", "/a.", "/a.html.", "/.html", "/..html", "/...html", "/a.html/",
        "/a.txt/b",
        "/a.tml", "/a.htmlx", "/a.h", "/.", "/..", "/a.\u{212A}html", "/a.t\u{0}xt", ".", "a",
        "/a..",
        "/a." + String(repeating: "x", count: 300),
    ])
    func unknown(path: String) {
        #expect(type(path) == nil)
    }

    @Test func typesAreNumberedOnce() {
        #expect(table.types.filter { $0 == "text/html" }.count == 1)
    }

    @Test func manySuffixesAreFound() {
        let pairs = (0..<5000).map { (suffix: "x\($0)", type: "t/\($0 % 37)") }
        let table = MIMETypes(pairs)
        #expect(table.types.count == 37)
        for pair in pairs {
            let number = table.type(forPath: Array("/f.\(pair.suffix)".utf8).span)
            #expect(number >= 0 && table.types[Int(number)] == pair.type)
        }
        #expect(table.type(forPath: Array("/f.x5000".utf8).span) == -1)
    }

    @Test func emptyTable() {
        let table = MIMETypes([])
        #expect(table.types.isEmpty)
        #expect(table.type(forPath: Array("/a.html".utf8).span) == -1)
    }

    @Test func builtInTypes() {
        let table = MIMETypes.builtIn()
        let found = ["/a.html", "/a.gif", "/a.jpg"].map {
            table.types[Int(table.type(forPath: Array($0.utf8).span))]
        }
        #expect(found == ["text/html", "image/gif", "image/jpeg"])
    }
}

/// conf/mime.types, parsed in a simple way: a type and its extensions on each line.
@Suite struct MIMETypesFileTests {
    static func pairs() throws -> [(suffix: String, type: String)] {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = String(decoding: try readWholeFile("/\(root)/conf/mime.types"), as: UTF8.self)
        var pairs: [(suffix: String, type: String)] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let first = words.first, !first.hasPrefix("#"), first != "types", first != "}"
            else { continue }
            #expect(line.hasSuffix(";") && first.contains("/") && words.count > 1, "\(line)")
            for word in words.dropFirst() {
                pairs.append((suffix: word.filter { $0 != ";" }, type: String(first)))
            }
        }
        return pairs
    }

    @Test func extensionsAreUnique() throws {
        let suffixes = try MIMETypesFileTests.pairs().map(\.suffix)
        #expect(suffixes.count > 100)
        #expect(Set(suffixes).count == suffixes.count)
        #expect(suffixes.allSatisfy { $0 == $0.lowercased() && !$0.isEmpty })
    }

    @Test(arguments: [
        ("index.html", "text/html"), ("style.css", "text/css"), ("app.mjs", "text/javascript"),
        ("app.js", "text/javascript"), ("data.json", "application/json"),
        ("site.webmanifest", "application/manifest+json"), ("a.wasm", "application/wasm"),
        ("a.avif", "image/avif"), ("a.svg", "image/svg+xml"), ("a.woff2", "font/woff2"),
        ("favicon.ico", "image/x-icon"), ("a.tar.gz", "application/gzip"),
        ("a.mp4", "video/mp4"), ("a.m3u8", "application/vnd.apple.mpegurl"),
        ("a.pdf", "application/pdf"), ("a.iso", "application/x-iso9660-image"),
    ])
    func expected(name: String, type: String) throws {
        let table = MIMETypes(try MIMETypesFileTests.pairs())
        let number = table.type(forPath: Array("/\(name)".utf8).span)
        try #require(number >= 0)
        #expect(table.types[Int(number)] == type)
    }
}
