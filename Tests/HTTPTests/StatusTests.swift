import HTTP
import Testing

@Suite struct StatusTests {
    @Test(arguments: [
        (200, "OK"), (206, "Partial Content"), (301, "Moved Permanently"),
        (302, "Moved Temporarily"), (304, "Not Modified"), (308, "Permanent Redirect"),
        (400, "Bad Request"), (401, "Unauthorized"), (405, "Not Allowed"),
        (407, "Proxy Authentication Required"), (408, "Request Time-out"),
        (413, "Request Entity Too Large"),
        (414, "Request-URI Too Large"), (416, "Requested Range Not Satisfiable"),
        (421, "Misdirected Request"), (429, "Too Many Requests"), (500, "Internal Server Error"),
        (503, "Service Temporarily Unavailable"), (504, "Gateway Time-out"),
        (505, "HTTP Version Not Supported"), (507, "Insufficient Storage"),
        (100, ""), (418, ""), (431, ""), (494, ""), (506, ""), (999, ""), (0, ""), (-1, ""),
    ])
    func reasons(code: Int, reason: String) {
        #expect(Status.reason(code).description == reason)
    }

    @Test(arguments: [
        (302, "302 Found"), (401, "401 Authorization Required"), (404, "404 Not Found"),
        (407, "407 Proxy Authentication Required"),
        (431, "431 Request Header Fields Too Large"),
        (494, "400 Request Header Or Cookie Too Large"), (495, "400 The SSL certificate error"),
        (496, "400 No required SSL certificate was sent"),
        (497, "400 The plain HTTP request was sent to HTTPS port"), (498, "404 Not Found"),
    ])
    func titles(code: Int, title: String) {
        let found = Status.title(code)
        #expect("\(found.code) \(found.text)" == title)
    }

    @Test func threeCodesCloseWithoutResponse() {
        #expect((0...999).filter(Status.closesSilently) == [408, 444, 499])
    }

    @Test(arguments: [(494, 400), (497, 400), (493, 493), (498, 498), (404, 404)])
    func sentCodes(code: Int, sent: Int) {
        #expect(Status.sent(code) == sent)
    }

    @Test(arguments: RequestFault.allCases)
    func everyFaultHasMessage(fault: RequestFault) {
        #expect(!Status.reason(Status.sent(fault.status)).description.isEmpty)
    }
}
