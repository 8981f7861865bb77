/// Status lines and response headers (RFC 9110, sections 6 to 8 and 15).
enum ResponseCases {
    static let all: [Case] = dates + statuses + representation + reasons

    /// A response with each status that a file server sends.
    private static let asked: [(status: String, responses: [Int], bytes: String)] = [
        ("200", [200], Request.get("/a.txt")),
        ("206", [206], Request.get("/a.txt", "Range: bytes=0-0")),
        ("301", [301, 302, 308], Request.get("/dir")),
        ("304", [304], Request.get("/a.txt", "If-None-Match: *")),
        ("404", [404], Request.get("/none")),
        ("405", [405, 501], Request.request("DELETE", "/a.txt", [])),
        ("412", [412], Request.get("/a.txt", "If-Match: \"no\"")),
        ("416", [416], Request.get("/a.txt", "Range: bytes=9-")),
        ("400", [400], "GET /a.txt HTTP/1.1\r\n\r\n"), ("403", [403], Request.get("/noindex/")),
    ]

    private static let dates: [Case] =
        asked.map { status, _, bytes in
            Case("Date in \(status)", "9110 6.6.1", bytes, [.get(checks: [.dateIsNow])], then: .any)
        } + [
            Case(
                "Date in the response to HEAD", "9110 6.6.1", Request.head("/a.txt"),
                [.head(200, checks: [.dateIsNow])]),
            Case(
                "the form of Date", "9110 5.6.7", Request.get("/a.txt"),
                [.get(200, checks: [.date("Date")])]),
            Case(
                "the form of Last-Modified", "9110 5.6.7", Request.get("/a.txt"),
                [.get(200, checks: [.date("Last-Modified")])]),
        ]

    private static let statuses: [Case] = [
        Case(
            "200 for a file", "9110 15.3.1", Request.get("/a.txt"),
            [.get(200, checks: [.text("hello"), .field("Content-Length", "5")])]),
        Case("404 for a missing file", "9110 15.5.5", Request.get("/none"), [.get(404)]),
        Case("404 below a file", "9110 15.5.5", .house, Request.get("/a.txt/b"), [.get(404)]),
        Case("404 in a missing directory", "9110 15.5.5", Request.get("/none/b"), [.get(404)]),
        Case(
            "403 for a directory that is not listed", "9110 15.5.4", .house,
            Request.get("/noindex/"),
            [.get(403)]),
        Case(
            "404 has a page", "9110 15.5", .should, Request.get("/none"),
            [.get(404, checks: [.has("Content-Type"), .isNot("")])]),
        Case(
            "the version of a response to HTTP/1.0", "9110 6.2", .should, Request.get10("/a.txt"),
            [.get(200, checks: [.lacks("Transfer-Encoding")])], then: .closed),
        Case(
            "no chunks to HTTP/1.0", "9112 6.1",
            Request.get10("/coded/page.html", "Accept-Encoding: gzip"),
            [.get(200, checks: [.lacks("Transfer-Encoding")])], then: .closed),
        Case(
            "no chunks on an open connection of HTTP/1.0", "9112 6.1",
            Request.get10(
                "/coded/page.html", "Accept-Encoding: gzip", "Connection: keep-alive"),
            [.get(200, checks: [.lacks("Transfer-Encoding")])], then: .any),
        Case(
            "304 without Content-Length", "9110 8.6", Request.get("/a.txt", "If-None-Match: *"),
            [.get(304, checks: [.lacks("Content-Length"), .lacks("Transfer-Encoding")])]),
        Case(
            "304 without Content-Type", "9110 15.4.5", .should,
            Request.get("/a.txt", "If-None-Match: *"), [.get(304, checks: [.lacks("Content-Type")])]
        ),
        Case(
            "416 has the length", "9110 15.5.17", .should,
            Request.get("/a.txt", "Range: bytes=9-"),
            [.get(416, checks: [.field("Content-Range", "bytes */5")])]),
    ]

    private static let representation: [Case] = [
        Case(
            "Content-Type of text", "9110 8.3", .should, Request.get("/a.txt"),
            [.get(200, checks: [.begins("Content-Type", "text/plain")])]),
        Case(
            "Content-Type of HTML", "9110 8.3", .should, Request.get("/"),
            [.get(200, checks: [.begins("Content-Type", "text/html")])]),
        Case(
            "Content-Type of a suffix in capitals", "9110 8.3", .house, Request.get("/UPPER.TXT"),
            [.get(200, checks: [.begins("Content-Type", "text/plain")])]),
        Case(
            "Last-Modified", "9110 8.8.2", .should, Request.get("/a.txt"),
            [.get(200, checks: [.modified(Site.modifiedText)])]),
        Case(
            "Last-Modified of an index", "9110 8.8.2", .should, Request.get("/"),
            [.get(200, checks: [.modified(Site.modifiedText)])]),
        Case(
            "Last-Modified before 1970", "9110 8.8.2", .should, Request.get("/old.txt"),
            [.get(200, checks: [.modified("Fri, 01 Jan 1960 01:00:00 GMT")])],
            differs: .timesBefore1970),
        Case(
            "Last-Modified of 1970", "9110 8.8.2", .should, Request.get("/zero.txt"),
            [.get(200, checks: [.modified("Thu, 01 Jan 1970 00:00:00 GMT")])]),
        Case(
            "Last-Modified in 2090", "9110 8.8.2.1", Request.get("/future.txt"),
            [.get(200, checks: [.notFromTheFuture])], differs: .lastModifiedInTheFuture),
        Case(
            "Last-Modified in 2150", "9110 8.8.2.1", Request.get("/far.txt"),
            [.get(200, checks: [.notFromTheFuture])], differs: .lastModifiedInTheFuture),
        Case(
            "Last-Modified in 2090, of HEAD", "9110 8.8.2.1", Request.head("/future.txt"),
            [.head(200, checks: [.notFromTheFuture])], differs: .lastModifiedInTheFuture),
        Case(
            "Last-Modified in 2090, of a part", "9110 8.8.2.1",
            Request.get("/future.txt", "Range: bytes=0-0"),
            [.get(206, checks: [.notFromTheFuture])], differs: .lastModifiedInTheFuture),
        Case(
            "Last-Modified in 2090, of 304", "9110 8.8.2.1",
            Request.get("/future.txt", "If-None-Match: *"),
            [.get(304, checks: [.notFromTheFuture])], differs: .lastModifiedInTheFuture),
        Case(
            "ETag", "9110 8.8.3", .should, Request.get("/a.txt"),
            [.get(200, checks: [.begins("ETag", "\"")])]),
        Case(
            "ETag stays", "9110 8.8.3", Request.get("/a.txt") + Request.get("/a.txt"),
            [.get(200), .get(200, checks: [.sameValues(["ETag"], as: 0)])]),
        Case(
            "ETags of two sizes differ", "9110 8.8.3",
            Request.get("/a.txt") + Request.get("/bytes.bin"),
            [.get(200), .get(200, checks: [.differs("ETag", from: 0)])]),
        Case(
            "ETag in the form of nginx", "9110 8.8.3", .house, Request.get("/a.txt"),
            [.get(200, checks: [.field("ETag", "\"5e469d27-5\"")])]),
        Case(
            "a longer ETag where the time is fixed", "9110 8.8.1", .house, Request.get("/zero.txt"),
            [.get(200, checks: [.begins("ETag", "\"0-4"), .atLeast("ETag", 8)])],
            differs: .longTag),
        Case(
            "Accept-Ranges", "9110 14.3", .should, Request.get("/a.txt"),
            [.get(200, checks: [.field("Accept-Ranges", "bytes")])]),
        Case(
            "an empty file", "9110 8.6", Request.get("/empty.txt"),
            [.get(200, checks: [.field("Content-Length", "0"), .empty])]),
        Case(
            "a file of 10,000 bytes", "9110 8.6", Request.get("/bytes.bin"),
            [.get(200, checks: [.field("Content-Length", "10000"), .allBytes])]),
        Case(
            "no Content-Encoding on uncompressed content", "9110 8.4", Request.get("/a.txt"),
            [.get(200, checks: [.lacks("Content-Encoding")])]),
        Case(
            "Server", "9110 10.2.4", .house, Request.get("/a.txt"),
            [.get(200, checks: [.has("Server")])]),
    ]

    private static let reasons: [Case] = [
        ("OK", Request.get("/a.txt")),
        ("Partial Content", Request.get("/a.txt", "Range: bytes=0-0")),
        ("Moved Permanently", Request.get("/dir")),
        ("Not Modified", Request.get("/a.txt", "If-None-Match: *")),
        ("Not Found", Request.get("/none")),
        ("Forbidden", Request.get("/noindex/")),
        ("Precondition Failed", Request.get("/a.txt", "If-Match: \"no\"")),
        ("Requested Range Not Satisfiable", Request.get("/a.txt", "Range: bytes=9-")),
        ("Bad Request", "GET /a.txt HTTP/1.1\r\n\r\n"),
        ("Request Entity Too Large", Request.content("Content-Length: 99999999999", "")),
        ("HTTP Version Not Supported", "GET / HTTP/2.0\r\n\r\n"),
    ].map { (reason: String, bytes: String) in
        Case(
            "the reason \(reason), as nginx", "9110 15", .house, bytes,
            [.get(checks: [.reason(reason)])], then: .any)
    }
}
