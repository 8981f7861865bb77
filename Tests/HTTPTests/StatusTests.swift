import HTTP
import Testing

@Suite struct StatusTests {
    @Test(arguments: [
        (200, "OK"), (206, "Partial Content"), (301, "Moved Permanently"),
        (302, "Moved Temporarily"), (304, "Not Modified"), (308, "Permanent Redirect"),
        (400, "Bad Request"), (401, "Unauthorized"), (405, "Not Allowed"),
        (408, "Request Time-out"), (413, "Request Entity Too Large"),
        (414, "Request-URI Too Large"), (416, "Requested Range Not Satisfiable"),
        (421, "Misdirected Request"), (429, "Too Many Requests"), (500, "Internal Server Error"),
        (503, "Service Temporarily Unavailable"), (504, "Gateway Time-out"),
        (505, "HTTP Version Not Supported"), (507, "Insufficient Storage"),
        (418, ""), (494, ""), (506, ""), (999, ""), (0, ""), (-1, ""),
    ])
    func reasons(code: Int, reason: String) {
        #expect(Status.reason(code).description == reason)
    }

    @Test(arguments: [
        (302, "Found"), (401, "Authorization Required"), (404, "Not Found"),
        (494, "Request Header Or Cookie Too Large"),
    ])
    func titles(code: Int, title: String) {
        #expect(Status.title(code).description == title)
    }

    @Test(arguments: [(494, 400), (497, 400), (493, 493), (498, 498), (404, 404)])
    func sentCodes(code: Int, sent: Int) {
        #expect(Status.sent(code) == sent)
    }

    @Test(arguments: RequestFault.allCases)
    func everyFaultHasWords(fault: RequestFault) {
        #expect(!Status.reason(Status.sent(fault.status)).description.isEmpty)
    }
}
