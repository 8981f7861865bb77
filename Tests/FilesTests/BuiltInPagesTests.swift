import Files
import Linux
import Testing

@Suite struct DirectoryPageTests {
    /// 21 November 2026, 10:00:00.
    static let moment = 1_795_255_200

    func page(
        _ path: String, _ style: DirectoryListing.Style = .init(),
        _ fill: (TemporaryDirectory) -> Void
    ) throws -> String {
        let temporary = TemporaryDirectory()
        fill(temporary)
        var style = style
        style.path = Array(path.utf8)
        let bytes = try ListingBody(owning: temporary.open(), links: .follow, style: style).all()
        return String(decoding: bytes, as: UTF8.self)
    }

    func rows(_ page: String) -> [String] {
        page.split(separator: "\n").map(String.init).filter { $0.hasPrefix("<tr><td>") }
    }

    @Test func rowsShowNameTimeAndSize() throws {
        let page = try page("/files/") {
            $0.file("notes.txt", size: 12_345, modified: DirectoryPageTests.moment)
            $0.directory("sub", modified: DirectoryPageTests.moment + 60)
        }
        #expect(
            rows(page) == [
                #"<tr><td><a href="../">../</a></td><td></td><td></td></tr>"#,
                #"<tr><td><a href="sub/">sub/</a></td><td>21-Nov-2026 10:01</td><td>-</td></tr>"#,
                #"<tr><td><a href="notes.txt">notes.txt</a></td>"#
                    + "<td>21-Nov-2026 10:00</td><td>12345</td></tr>",
            ])
        #expect(page.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
        #expect(page.contains("<title>Index of /files/</title>"))
        #expect(page.contains("<h1>Index of /files/</h1>"))
        #expect(page.contains("<meta charset=\"utf-8\">"))
        #expect(page.hasSuffix("</body>\n</html>\n"))
    }

    @Test(
        arguments: [
            (-1, 0, "31-Dec-1969 23:59"), (-1, 3600, "01-Jan-1970 00:59"),
            (0, -60, "31-Dec-1969 23:59"),
            (-315_615_600, 0, "01-Jan-1960 01:00"),
        ] as [(Int, Int64, String)])
    func timesBefore1970(modified: Int, offset: Int64, text: String) throws {
        var style = DirectoryListing.Style()
        style.offsetSeconds = offset
        let page = try page("/", style) { $0.file("old", modified: modified) }
        #expect(page.contains("<td>\(text)</td>"))
    }

    @Test(arguments: [
        ("a b.txt", "a%20b.txt", "a b.txt"), ("ü", "%C3%BC", "ü"), ("50%", "50%25", "50%"),
        ("a:b", "a%3Ab", "a:b"), ("a?b#c", "a%3Fb%23c", "a?b#c"),
        ("<script>", "%3Cscript%3E", "&lt;script&gt;"), ("a&b", "a%26b", "a&amp;b"),
        ("\"onclick='x", "%22onclick%3D%27x", "&quot;onclick=&#39;x"),
        ("a\nb", "a%0Ab", "a\nb"), ("a\\b", "a%5Cb", "a\\b"),
    ])
    func namesAreEscaped(name: String, href: String, text: String) throws {
        let page = try page("/") { $0.file(name) }
        #expect(page.contains("<a href=\"\(href)\">\(text)</a>"))
    }

    @Test func invalidUTF8IsPreservedInLink() throws {
        let page = try page("/") { $0.file([0x62, 0xFF, 0xFE]) }
        #expect(page.contains(#"<a href="b%FF%FE">"#))
    }

    @Test func pathIsEscaped() throws {
        let page = try page("/<b>&\"/") { _ in }
        #expect(page.contains("<title>Index of /&lt;b&gt;&amp;&quot;/</title>"))
        #expect(!page.contains("<b>"))
    }

    @Test func rootHasNoParentLink() throws {
        var style = DirectoryListing.Style()
        style.linksToParent = false
        let page = try page("/", style) { _ in }
        #expect(!page.contains("../"))
        #expect(page.contains("This directory is empty."))
    }

    @Test func sortableTitlesAreLinks() throws {
        #expect(try page("/") { _ in }.contains("<th scope=\"col\">Name</th>"))
        var style = DirectoryListing.Style()
        style.linksToOrders = true
        let byName = try page("/", style) { _ in }
        #expect(
            byName.contains(
                #"<th scope="col" aria-sort="ascending"><a href="?C=N&amp;O=D">Name</a></th>"#))
        #expect(byName.contains(#"<th scope="col"><a href="?C=S&amp;O=A">Size</a></th>"#))
        style.order = .init(key: .modified, isDescending: true)
        let byTime = try page("/", style) { _ in }
        #expect(
            byTime.contains(
                #"scope="col" aria-sort="descending"><a href="?C=M&amp;O=A">Modified</a></th>"#))
        #expect(byTime.contains(#"<th scope="col"><a href="?C=N&amp;O=A">Name</a></th>"#))
    }

    @Test func localTimeIsShownIfConfigured() throws {
        var style = DirectoryListing.Style()
        style.offsetSeconds = -11 * 3600
        let page = try page("/", style) { $0.file("a", modified: DirectoryPageTests.moment) }
        #expect(page.contains("<td>20-Nov-2026 23:00</td>"))
    }

    /// Sizes, and how nginx 1.22.1 shows them.
    @Test(arguments: [
        (0, "0"), (9999, "9999"), (10_000, "10K"), (10_752, "11K"), (10_751, "10K"),
        (1_048_575, "1024K"), (1_048_576, "1M"), (1_572_863, "1M"), (1_572_864, "2M"),
        (1_073_741_823, "1024M"), (1_073_741_824, "1G"), (5_368_709_120, "5G"),
    ])
    func roundedSizes(size: Int, shown: String) throws {
        var style = DirectoryListing.Style()
        style.showsExactSize = false
        let page = try page("/", style) { $0.file("a", size: size) }
        #expect(page.contains("<td>\(shown)</td></tr>"))
    }
}

@Suite struct ErrorPageTests {
    func page(_ status: Int, _ reason: String?, _ token: String?) -> String {
        String(
            decoding: ErrorPage.html(status: status, reason: reason, serverToken: token),
            as: UTF8.self)
    }

    @Test(arguments: [
        (400, "Bad Request"), (403, "Forbidden"), (404, "Not Found"), (405, "Not Allowed"),
        (416, "Requested Range Not Satisfiable"), (500, "Internal Server Error"),
        (503, "Service Temporarily Unavailable"), (301, "Moved Permanently"),
    ])
    func textsAreNginxs(status: Int, reason: String) {
        let page = page(status, reason, "apus/1.2.3")
        #expect(page.contains("<title>\(status) \(reason)</title>"))
        #expect(page.contains("<h1>\(status) \(reason)</h1>"))
        #expect(page.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\""))
        #expect(page.hasSuffix("<hr>apus/1.2.3\n"))
        #expect(page.contains("<meta charset=\"utf-8\">"))
        // nginx's page has 115 bytes besides these.
        let words = 2 * "\(status) \(reason)".utf8.count + "apus/1.2.3".utf8.count
        #expect(page.utf8.count <= 145 + words)
    }

    @Test func reasonAndTokenAreOptional() {
        let page = page(599, nil, nil)
        #expect(page.contains("<h1>599</h1>"))
        #expect(!page.contains("<hr>"))
    }

    @Test func textIsEscaped() {
        let page = page(404, "<b>&\"", "<script>x</script>")
        #expect(page.contains("<h1>404 &lt;b&gt;&amp;&quot;</h1>"))
        #expect(page.hasSuffix("<hr>&lt;script&gt;x&lt;/script&gt;\n"))
        #expect(!page.contains("<script") && !page.contains("<b>"))
    }

    /// The page refers to no other resource, on this server or elsewhere.
    @Test func pageNeedsNoOtherFiles() {
        let page = page(404, "Not Found", "apus")
        for word in ["src=", "href=", "url(", "@import", "http:", "https:"] {
            #expect(!page.contains(word))
        }
    }

    /// nginx's comments, which make the page longer than 512 bytes.
    @Test func paddingIsComments() {
        let padding = String(decoding: ErrorPage.padding, as: UTF8.self)
        #expect(padding.utf8.count == 402)
        #expect(
            padding.hasPrefix("<!-- a padding to disable MSIE and Chrome friendly error page -->"))
        #expect(ErrorPage.html(status: 404, reason: nil, serverToken: nil).count + 402 > 512)
    }
}
