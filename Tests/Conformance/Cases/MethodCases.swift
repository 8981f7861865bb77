/// Methods, and HEAD in comparison with GET (RFC 9110, section 9).
enum MethodCases {
    static let all: [Case] = refused + promised + strictOnes + heads

    private static let writing = ["POST", "PUT", "DELETE", "PATCH"]

    private static let refused: [Case] =
        writing.flatMap { method -> [Case] in
            [
                Case(
                    "\(method) on a file is refused", "9110 9.1", .should,
                    Request.request(method, "/a.txt", ["Content-Length: 0"]), [.get(405, 501)],
                    then: .any),
                Case(
                    "\(method) on a file is 405", "9110 15.5.6", .house,
                    Request.request(method, "/a.txt", ["Content-Length: 0"]), [.get(405)]),
                Case(
                    "Allow in the response to \(method)", "9110 15.5.6",
                    Request.request(method, "/a.txt", ["Content-Length: 0"]),
                    [.get(405, 501, checks: [.allowsReading])], then: .any, differs: .allowOn405),
                Case(
                    "\(method) changes nothing", "9110 9.1",
                    Request.content("Content-Length: 3", "new", method: method),
                    [.get(405, 501, checks: [.isNot("new")])]),
            ]
        } + [
            Case(
                "PUT does not create a file", "9110 9.3.4",
                Request.request("PUT", "/new.txt", ["Content-Length: 0"]),
                [.get(403, 404, 405, 501)], then: .any),
            Case(
                "TRACE does not echo", "9110 9.3.8", .house,
                Request.request("TRACE", "/a.txt", ["X-Secret: secret"]),
                [.get(405, 501, checks: [.doesNotContain("secret")])], then: .any),
            Case(
                "CONNECT to an authority", "9110 9.3.6",
                "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n",
                [.get(400, 403, 404, 405, 501)], then: .any),
            Case(
                "CONNECT to a path", "9110 9.3.6", Request.request("CONNECT", "/a.txt", []),
                [.get(400, 405, 501)], then: .any),
            Case(
                "a method in lower case is another method", "9110 9.1",
                Request.request("get", "/a.txt", []), [.get(400, 405, 501)], then: .any),
            Case(
                "a method in mixed case is another method", "9110 9.1",
                Request.request("Get", "/a.txt", []), [.get(400, 405, 501)], then: .any),
            Case(
                "GETT is not GET", "9110 9.1", Request.request("GETT", "/a.txt", []),
                [.get(400, 405, 501)], then: .any),
            Case(
                "GE is not GET", "9110 9.1", Request.request("GE", "/a.txt", []),
                [.get(400, 405, 501)],
                then: .any),
            Case(
                "Allow in the response to an unknown method", "9110 15.5.6",
                Request.request("BREW", "/a.txt", []),
                [.get(405, 501, checks: [.allowsReading])], then: .any, differs: .allowOn405),
            Case(
                "OPTIONS gets a response", "9110 9.3.7", Request.request("OPTIONS", "/a.txt", []),
                [.get(200, 204, 405, 501)], then: .any),
        ]

    private static let promised: [Case] =
        [
            Case(
                "405 Not Allowed, as nginx", "9110 15.5.6", .house,
                Request.request("PUT", "/a.txt", []),
                [.get(405, checks: [.reason("Not Allowed")])]),
            Case(
                "404 before 405 for POST, as nginx", "9110 15.5.5", .house,
                Request.request("POST", "/none", []), [.get(404)]),
            Case(
                "405 before 404 for PUT, as nginx", "9110 15.5.6", .house,
                Request.request("PUT", "/none", []), [.get(405)]),
            Case(
                "TRACE is 405, as nginx", "9110 9.3.8", .house,
                Request.request("TRACE", "/a.txt", []),
                [.get(405)], then: .closed),
            Case(
                "OPTIONS is 405, as nginx", "9110 9.3.7", .house,
                Request.request("OPTIONS", "/a.txt", []), [.get(405)], .off),
            Case(
                "an unknown method is 405, as nginx", "9110 9.1", .house,
                Request.request("BREW", "/a.txt", []), [.get(405)], .off),
            Case(
                "a method in small letters is 400, as nginx", "9110 9.1", .house,
                Request.request("get", "/a.txt", []), [.get(400)], then: .closed, .off),
        ]
        + ["PROPFIND", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "PROPPATCH"].map { method in
            Case(
                "\(method) is refused", "9110 9.1", Request.request(method, "/a.txt", []),
                [.get(405, 501)], then: .any)
        }

    private static let strictOnes: [Case] = [
        Case(
            "an unknown method is 501", "9110 9.1", .should, Request.request("BREW", "/a.txt", []),
            [.get(501)], then: .any, .on, differs: .unknownMethod),
        Case(
            "a method in small letters is unknown", "9110 9.1", .should,
            Request.request("get", "/a.txt", []), [.get(501)], then: .any, .on,
            differs: .unknownMethod),
        Case(
            "an unknown method on a missing path is 501", "9110 9.1", .should,
            Request.request("BREW", "/none", []), [.get(501)], then: .any, .on,
            differs: .unknownMethod),
        Case(
            "the response to OPTIONS has Allow", "9110 9.3.7", .should,
            Request.request("OPTIONS", "/a.txt", []),
            [
                .get(
                    200, 204,
                    checks: [
                        .lists("Allow", "GET"), .lists("Allow", "HEAD"), .lists("Allow", "OPTIONS"),
                        .empty,
                    ])
            ], .on, differs: .options),
        Case(
            "OPTIONS is 204", "9110 9.3.7", .house, Request.request("OPTIONS", "/a.txt", []),
            [.get(204)], .on, differs: .options),
        Case(
            "OPTIONS of the server", "9110 9.3.7", .should,
            "OPTIONS * HTTP/1.1\r\nHost: conformance.test\r\n\r\n",
            [.get(200, 204, checks: [.empty])], .on, differs: .options),
        Case(
            "HEAD of content compressed on the fly", "9110 9.3.2", .should,
            Request.get("/coded/page.html", "Accept-Encoding: gzip")
                + Request.head("/coded/page.html", "Accept-Encoding: gzip"),
            [
                .get(200),
                .head(
                    200,
                    checks: [
                        .sameValues(["Content-Encoding", "ETag", "Vary", "Content-Type"], as: 0)
                    ]),
            ]),
    ]

    /// HEAD has the headers of GET.
    private static let heads: [Case] =
        [
            ("a file", "/a.txt"), ("an empty file", "/empty.txt"), ("a large file", "/bytes.bin"),
            ("an index", "/"), ("a directory's index", "/dir/"), ("a redirect", "/dir"),
            ("an old file", "/old.txt"), ("a file without a suffix", "/..foo"),
            ("a query", "/a.txt?q"), ("nothing", "/none"), ("what is forbidden", "/noindex/"),
            ("a page", "/coded/page.html"),
        ].map { (name: String, target: String) in
            Case(
                "HEAD of \(name)", "9110 9.3.2", .should,
                Request.get(target) + Request.head(target),
                [.get(), .head(checks: [.sameFields(as: 0)])])
        }
        + ["/a.txt", "/", "/dir", "/none", "/noindex/", "/coded/page.html"].map { target in
            Case(
                "Content-Length of HEAD \(target)", "9110 9.3.2", .house,
                Request.get(target) + Request.head(target),
                [.get(), .head(checks: [.sameValues(["Content-Length"], as: 0)])])
        }
        + [
            Case(
                "HEAD of a file that lies compressed", "9110 9.3.2", .should,
                Request.get("/sidecar/plain.txt", "Accept-Encoding: gzip")
                    + Request.head("/sidecar/plain.txt", "Accept-Encoding: gzip"),
                [.get(200), .head(200, checks: [.sameFields(as: 0)])]),
            Case(
                "HEAD that is not modified", "9110 9.3.2", .should,
                Request.get("/a.txt", "If-None-Match: *")
                    + Request.head("/a.txt", "If-None-Match: *"),
                [.get(304), .head(304, checks: [.sameFields(as: 0)])]),
            Case(
                "HEAD that fails its precondition", "9110 9.3.2", .should,
                Request.get("/a.txt", "If-Match: \"no\"")
                    + Request.head("/a.txt", "If-Match: \"no\""),
                [.get(412), .head(412, checks: [.sameFields(as: 0)])]),
            Case(
                "HEAD ignores Range", "9110 14.2", Request.head("/bytes.bin", "Range: bytes=0-9"),
                [.head(200, checks: [.field("Content-Length", "10000"), .lacks("Content-Range")])],
                differs: .headIgnoresRange),
            Case(
                "HEAD ignores a Range that cannot be satisfied", "9110 14.2",
                Request.head("/bytes.bin", "Range: bytes=10000-"),
                [.head(200, checks: [.field("Content-Length", "10000")])],
                differs: .headIgnoresRange),
            Case(
                "HEAD ignores several ranges", "9110 14.2",
                Request.head("/bytes.bin", "Range: bytes=0-1,3-4"), [.head(200)],
                differs: .headIgnoresRange),
            Case(
                "HEAD ignores Range beside If-Range", "9110 14.2",
                Request.head("/bytes.bin", "Range: bytes=0-1", "If-Range: {bytes}"), [.head(200)],
                differs: .headIgnoresRange),
            Case(
                "HEAD in HTTP/1.0", "9110 9.3.2",
                "HEAD /a.txt HTTP/1.0\r\n\r\n",
                [.head(200, checks: [.field("Content-Length", "5")])], then: .closed),
        ]
}
