import Files
import Linux
import Testing

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
