import Foundation
import Testing

/// Listings: nginx's HTML with a link, a date and a size for each entry.
@Suite struct AutoindexTests {
    @Test func listingShowsNamesSizesAndDates() throws {
        let server = try TestServer(
            "location /d/ { autoindex on; }",
            files: [
                "d/b.txt": .pattern(1500), "d/a.txt": "x", "d/sub/f": "x", "d/.hidden": "x",
            ])
        let response = try server.fetch("/d/")
        #expect(response.status == 200)
        #expect(response["Content-Type"]?.hasPrefix("text/html") == true)
        let text = response.text
        #expect(text.contains("Index of /d/"))
        #expect(text.contains("<a href=\"../\">"))
        #expect(text.contains("<a href=\"a.txt\">a.txt</a>"))
        #expect(text.contains("<a href=\"sub/\">sub/</a>"))
        #expect(!text.contains("hidden"))
        // Directories are listed first, then files, each by name.
        let order = ["\"sub/\"", "\"a.txt\"", "\"b.txt\""].map {
            text.range(of: $0)?.lowerBound
        }
        #expect(order.allSatisfy { $0 != nil })
        #expect(order == order.sorted { ($0 ?? text.endIndex) < ($1 ?? text.endIndex) })
        let lines = text.components(separatedBy: "\n")
        let line = try #require(lines.first { $0.contains("b.txt") })
        #expect(line.contains("14-Feb-2020 13:14"))
        #expect(line.contains("1500"))
    }

    @Test func sizesAreRoundedWithoutExactSize() throws {
        let server = try TestServer(
            "autoindex on; autoindex_exact_size off;",
            files: ["a": .pattern(1500), "b": .pattern(20 * 1024)])
        let lines = try server.fetch("/").text.components(separatedBy: "\n")
        #expect(lines.first { $0.contains(">a<") }?.contains("1500") == true)
        #expect(lines.first { $0.contains(">b<") }?.contains("20K") == true)
    }

    @Test func namesAreEscapedInLinksAndText() throws {
        let server = try TestServer(
            "autoindex on;",
            files: ["<b>&\"q.txt": "x", "sp ace?#%.txt": "x", "colon:x": "x"])
        let text = try server.fetch("/").text
        #expect(!text.contains("<b>"))
        #expect(text.contains("&lt;b&gt;&amp;"))
        #expect(text.contains("sp%20ace%3F%23%25.txt"))
        // Every link leads to the file.
        for part in text.components(separatedBy: "href=\"").dropFirst() {
            let link = part.components(separatedBy: "\"")[0]
            if link == "../" { continue }
            #expect(try server.fetch("/" + link).text == "x", "link \(link)")
        }
    }

    @Test func longNamesLinkToTheirFiles() throws {
        let name = String(repeating: "ä", count: 70) + ".txt"
        let server = try TestServer("autoindex on;", files: [name: "long"])
        let text = try server.fetch("/").text
        #expect(Product.isApus || text.contains("..&gt;</a>"))
        let link = text.components(separatedBy: "href=\"").last?.components(separatedBy: "\"")[0]
        #expect(try server.fetch("/" + (link ?? "")).text == "long")
    }

    @Test func indexHasPriorityAndOffIs403() throws {
        let server = try TestServer(
            "autoindex on; location /off/ { autoindex off; }",
            files: ["index.html": "index", "off/a": "x"])
        #expect(try server.fetch("/").text == "index")
        #expect(try server.fetch("/off/").status == 403)
    }

    @Test func listingIsNotCached() throws {
        let server = try TestServer("autoindex on;", files: ["a": "x"])
        #expect(try !server.fetch("/").text.contains("later"))
        try server.directory.write("later", "x")
        #expect(try server.fetch("/").text.contains("later"))
    }

    @Test func manyEntriesAreListed() throws {
        var files: [String: Fixture] = [:]
        for number in 0..<1200 { files["entry-\(number)-of-a-large-folder.txt"] = "x" }
        let server = try TestServer("autoindex on;", files: files)
        let text = try server.fetch("/").text
        #expect(text.components(separatedBy: "<a href=\"entry-").count == 1201)
    }
}
