import Files
import Testing

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
