import Testing

@testable import Server

/// User-Agent values and the browsers that they stand for.
@Suite struct BrowsersTests {
    @Test(arguments: [
        ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", Browser.oldExplorer),
        ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)", .explorer),
        ("Mozilla/4.0 (compatible; MSIE 5.5; Windows 98)", .oldExplorer),
        ("Mozilla/2.0 (MSIE 4.0; Windows 98)", .oldExplorer),
        ("Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2)", .explorer),
        ("Mozilla/5.0 (compatible; MSIE 7.0; Windows NT 6.2)", .explorer),
        ("MSIE 6.", .other), ("MSIE 6.0", .oldExplorer), ("MSIE ", .other),
        ("Mozilla/4.0 (compatible; MSIE 6.0; Windows) Opera 8.5", .other),
        ("Mozilla/5.0 (Macintosh; Mac OS X 10_5) Version/3.0 Safari/523", .safari),
        ("Mozilla/5.0 (Macintosh; Mac OS X 10_15) Chrome/90 Safari/537", .chrome),
        ("Mozilla/5.0 (X11; Linux) Gecko/20100101 Chrome/90", .other),
        ("Chrome/90 Opera", .other), ("Chrome", .other),
        ("Mozilla/5.0 (Macintosh; Mac OS X) Gecko/20100101 Safari/1", .other),
        ("Mozilla/5.0 (Linux) Safari/523", .other), ("", .other), ("curl/8.0", .other),
    ])
    func browserIsRecognized(agent: String, browser: Browser) {
        #expect(Browser(Array(agent.utf8).span) == browser)
    }
}
