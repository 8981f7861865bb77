/// Accept-Encoding, Vary and compressed responses (RFC 9110, sections 8.4 and 12.5).
enum ContentCodingCases {
    static let all: [Case] = refused + accepted + vary + sidecars + strictOnes

    private static let page = "/coded/page.html"
    private static let plain: [Check] = [.file("coded/page.html"), .lacks("Content-Encoding")]
    private static let compressed: [Check] = [.field("Content-Encoding", "gzip"), .gzip]

    private static func request(_ value: String) -> String {
        Request.get(page, "Accept-Encoding: \(value)")
    }

    /// gzip must not be sent.
    private static let refused: [Case] =
        [
            "gzip;q=0", "gzip;q=0.0", "gzip;q=0.000", "gzip; q=0", "gzip ;q=0", "gzip;Q=0",
            "gzip;\tq=0", "gzip\t;q=0",
            "identity", "identity;q=1", "", "br", "deflate, br", "xgzip", "gzipx", "gzip;q=0, *",
            "gzip;q=0,deflate", "br, gzip;q=0", "identity;q=1, gzip;q=0", "not-gzip",
        ].map { value in
            Case(
                "no gzip for \(value.debugDescription)", "9110 12.5.3", request(value),
                [
                    .get(
                        200,
                        checks: value.contains("br") || value.contains("deflate")
                            ? [.doesNotList("Content-Encoding", "gzip")] : plain)
                ])
        } + [
            Case(
                "no gzip without Accept-Encoding", "9110 12.5.3", .should, Request.get(page),
                [.get(200, checks: plain)]),
            Case(
                "no gzip to HTTP/1.0, as nginx", "9110 12.5.3", .house,
                Request.get10(page, "Accept-Encoding: gzip"), [.get(200, checks: plain)],
                then: .closed),
            Case(
                "no gzip for a small page", "9110 12.5.3", .house,
                Request.get("/coded/small.html", "Accept-Encoding: gzip"),
                [.get(200, checks: [.lacks("Content-Encoding"), .file("coded/small.html")])]),
            Case(
                "no gzip for non-text content", "9110 12.5.3", .house,
                Request.get("/bytes.bin", "Accept-Encoding: gzip"),
                [.get(200, checks: [.allBytes, .lacks("Content-Encoding")])]),
        ]

    private static let accepted: [Case] =
        [
            "gzip", "GZIP", "gzip, deflate, br", "deflate, gzip", "br;q=0, gzip", "gzip;q=1",
            "gzip;q=1.0", "gzip;q=1.000", "gzip;q=0.5", "gzip;q=0.001", "gzip; q=0.5", "gzip ; q=1",
            "identity;q=0, gzip", "gzip, identity;q=0", "gzip;q=0.9, identity;q=0.1",
            "deflate;q=0,gzip",
            ",gzip", "gzip,", "a, b, c, gzip",
        ].map { value in
            Case(
                "gzip for \(value.debugDescription)", "9110 12.5.3", .should, request(value),
                [
                    .get(
                        200,
                        checks: value.contains("deflate") || value.contains("br")
                            ? [.has("Content-Encoding")] : compressed)
                ])
        } + [
            Case(
                "gzip for HTTP/1.0 is never chunked", "9112 6.1",
                Request.get10(page, "Accept-Encoding: gzip", "Connection: keep-alive"),
                [.get(200, checks: [.lacks("Transfer-Encoding")])], then: .any),
            Case(
                "a compressed response has another tag", "9110 8.8.3.3",
                Request.get(page) + request("gzip"),
                [.get(200), .get(200, checks: [.differs("ETag", from: 0)])]),
            Case(
                "a compressed response has a weak tag, as nginx", "9110 8.8.3", .house,
                request("gzip"),
                [.get(200, checks: [.begins("ETag", "W/\"")])]),
            Case(
                "a compressed response on an open connection", "9112 6.3",
                request("gzip") + request("gzip"),
                [.get(200, checks: compressed), .get(200, checks: compressed)]),
            Case(
                "no range of a compressed response is a range of the file", "9110 14.2",
                Request.get(page, "Accept-Encoding: gzip", "Range: bytes=0-9"),
                [.get(200, 206, checks: [.doesNotContain("<!doctype html><title>")])], then: .any),
            Case(
                "no Accept-Ranges on content compressed on the fly, as nginx", "9110 14.3", .house,
                request("gzip"), [.get(200, checks: [.lacks("Accept-Ranges")])]),
            Case(
                "a range of the page as it is", "9110 14.2", .house,
                Request.get(page, "Range: bytes=0-9"), [.get(206, checks: [.text("<!doctype ")])]),
        ]

    private static let varies: [Check] = [.lists("Vary", "Accept-Encoding")]

    private static let vary: [Case] = [
        Case(
            "Vary on a compressed response", "9110 12.5.5", .should, request("gzip"),
            [.get(200, checks: varies)]),
        Case(
            "Vary on a response that was not compressed", "9110 12.5.5", .should, Request.get(page),
            [.get(200, checks: varies)]),
        Case(
            "Vary on a response to identity", "9110 12.5.5", .should, request("identity"),
            [.get(200, checks: varies)]),
        Case(
            "Vary on HEAD", "9110 12.5.5", .should, Request.head(page), [.head(200, checks: varies)]
        ),
        Case(
            "no Vary if there is only one variant", "9110 12.5.5", .house,
            Request.get("/bytes.bin", "Accept-Encoding: gzip"),
            [.get(200, checks: [.lacks("Vary")])]),
        Case(
            "Vary on 304 by the tag of a compressed response", "9110 15.4.5",
            Request.get(page, "Accept-Encoding: gzip")
                + Request.get(page, "Accept-Encoding: gzip", "If-None-Match: {page-gzip}"),
            [.get(200), .get(304, checks: [.sameValues(["Vary"], as: 0)])],
            differs: .varyOnNotModified),
        Case(
            "Vary on 304 by the tag of a response that was not compressed", "9110 15.4.5",
            Request.get(page) + Request.get(page, "If-None-Match: {page}"),
            [.get(200), .get(304, checks: [.sameValues(["Vary"], as: 0)])],
            differs: .varyOnNotModified),
        Case(
            "Vary on 304 by time", "9110 15.4.5",
            Request.get(page, "Accept-Encoding: gzip")
                + Request.get(
                    page, "Accept-Encoding: gzip", "If-Modified-Since: \(Site.modifiedText)"),
            [.get(200), .get(304, checks: [.sameValues(["Vary"], as: 0)])],
            differs: .varyOnNotModified),
        Case(
            "ETag on 304 of a compressed response", "9110 15.4.5",
            Request.get(page, "Accept-Encoding: gzip")
                + Request.get(page, "Accept-Encoding: gzip", "If-None-Match: {page-gzip}"),
            [.get(200), .get(304, checks: [.sameValues(["ETag"], as: 0)])],
            differs: .tagOnNotModified),
        Case(
            "ETag on 304 by time of a compressed response", "9110 15.4.5",
            Request.get(page, "Accept-Encoding: gzip")
                + Request.get(
                    page, "Accept-Encoding: gzip", "If-Modified-Since: \(Site.modifiedText)"),
            [.get(200), .get(304, checks: [.sameValues(["ETag"], as: 0)])],
            differs: .tagOnNotModified),
        Case(
            "ETag on 304 of a response that was not compressed", "9110 15.4.5",
            Request.get(page) + Request.get(page, "If-None-Match: {page}"),
            [.get(200), .get(304, checks: [.sameValues(["ETag"], as: 0)])]),
    ]

    private static let packed = "/sidecar/plain.txt"
    private static let sent: [Check] = [
        .file("sidecar/plain.txt.gz"), .field("Content-Encoding", "gzip"),
        .begins("Content-Type", "text/plain"), .field("Content-Length", "28"),
    ]

    private static let sidecars: [Case] = [
        Case(
            "a file that lies compressed", "9110 8.4", .house,
            Request.get(packed, "Accept-Encoding: gzip"), [.get(200, checks: sent)]),
        Case(
            "a pre-compressed file for a client that does not accept gzip", "9110 12.5.3",
            Request.get(packed), [.get(200, checks: [.text("plain"), .lacks("Content-Encoding")])]),
        Case(
            "a file that lies compressed, refused", "9110 12.5.3",
            Request.get(packed, "Accept-Encoding: gzip;q=0"),
            [.get(200, checks: [.text("plain"), .lacks("Content-Encoding")])]),
        Case(
            "Vary on a file that lies compressed", "9110 12.5.5", .house,
            Request.get(packed, "Accept-Encoding: gzip"), [.get(200, checks: varies)]),
        Case(
            "Vary on the file that is not compressed", "9110 12.5.5", .house,
            Request.get(packed), [.get(200, checks: varies)]),
        Case(
            "the compressed file itself", "9110 8.4", Request.get("/sidecar/plain.txt.gz"),
            [.get(200, checks: [.file("sidecar/plain.txt.gz"), .lacks("Content-Encoding")])]),
        Case(
            "a range of a file that lies compressed", "9110 14.2", .house,
            Request.get(packed, "Accept-Encoding: gzip", "Range: bytes=0-2"),
            [
                .get(
                    206,
                    checks: [
                        .field("Content-Encoding", "gzip"), .field("Content-Range", "bytes 0-2/28"),
                        .gzip,
                    ])
            ]),
        Case(
            "304 of a file that lies compressed", "9110 15.4.5",
            Request.get(packed, "Accept-Encoding: gzip")
                + Request.get(packed, "Accept-Encoding: gzip", "If-None-Match: *"),
            [.get(200), .get(304, checks: [.sameValues(["Vary", "ETag"], as: 0)])]),
    ]

    private static let strictOnes: [Case] = [
        Case(
            "* accepts gzip", "9110 12.5.3", .should, request("*"), [.get(200, checks: compressed)],
            .on,
            differs: .acceptEncoding),
        Case(
            "* with a weight accepts gzip", "9110 12.5.3", .should,
            request("identity;q=0, *;q=0.5"),
            [.get(200, checks: compressed)], .on, differs: .acceptEncoding),
        Case(
            "*;q=0 refuses gzip", "9110 12.5.3", request("identity, *;q=0"),
            [.get(200, checks: plain)]),
        Case(
            "gzip beside *;q=0", "9110 12.5.3", .should, request("gzip, *;q=0"),
            [.get(200, checks: compressed)]),
        Case(
            "x-gzip is gzip", "9110 8.4.1.3", .should, request("x-gzip"),
            [.get(200, checks: [.gzip])],
            .on, differs: .acceptEncoding),
        Case(
            "gzip behind a tab", "9110 5.6.3", .should, request("br,\tgzip"),
            [.get(200, checks: [.has("Content-Encoding")])], .on, differs: .tabsAreWhiteSpace),
        Case(
            "identity of more weight", "9110 12.5.3", .should, request("identity;q=1, gzip;q=0.5"),
            [.get(200, checks: plain)], .on, differs: .acceptEncoding),
        Case(
            "identity of the same weight", "9110 12.5.3", .should, request("identity, gzip"),
            [.get(200, checks: compressed)]),
        Case(
            "Accept-Encoding over several lines", "9110 5.3", .should,
            Request.get(page, "Accept-Encoding: deflate", "Accept-Encoding: gzip"),
            [.get(200, checks: compressed)], .on, differs: .listsOverLines),
        Case(
            "Accept-Encoding over several lines, gzip refused", "9110 5.3", .should,
            Request.get(page, "Accept-Encoding: *", "Accept-Encoding: gzip;q=0"),
            [.get(200, checks: plain)], .on),
        Case(
            "* has no effect, as nginx", "9110 12.5.3", .house, request("*"),
            [.get(200, checks: plain)],
            .off),
    ]
}
