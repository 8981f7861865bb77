/// Paths (RFC 3986, section 6; RFC 9110, section 4.2) and redirects (RFC 9110, section 15.4).
enum PathCases {
    static let all: [Case] = names + equals + climbing + looks + redirects

    /// Every legal file name is served.
    private static let names: [Case] = [
        ("/...", "three dots"), ("/..foo", "dots foo"), ("/foo..", "foo dots"),
        ("/.hidden", "hidden"), ("/a;b", "semicolon"), ("/a%3Bb", "semicolon"),
        ("/what%3F", "question"), ("/what%3f", "question"), ("/what%3F?x", "question"),
        ("/sp%20ace.txt", "space"), ("/pl+us.txt", "plus"), ("/pl%2Bus.txt", "plus"),
        ("/100%25.txt", "percent"), ("/hash%23.txt", "hash"), ("/comma,x", "comma"),
        ("/comma%2Cx", "comma"), ("/back%5Cslash", "backslash"), ("/quote%22.txt", "quote"),
        ("/%3Cb%3E.txt", "angles"), ("/colon:x", "colon"), ("/star*", "star"),
        ("/tilde~", "tilde"), ("/tilde%7E", "tilde"), ("/at@x", "at"), ("/amp&x=1", "amp"),
        ("/a'b!(c)$", "sub-delims"), ("/%C3%A4%C3%B6.txt", "umlauts"),
        ("/%c3%a4%c3%b6.txt", "umlauts"), ("/%F0%9F%90%A6.txt", "bird"),
        ("/a%2541", "escaped twice"), ("/UPPER.TXT", "upper"), ("/brace%7B%7D%7C%5E%60", "braces"),
        ("/%5Bx%5D", "brackets"), ("/dir/deep/file.txt", "deep"),
    ].map { (target: String, text: String) in
        Case(
            "the path \(target)", "9110 4.2.3", .should, Request.get(target),
            [.get(200, checks: [.text(text)])])
    }

    /// Equivalent paths (RFC 3986, section 6.2.2).
    private static let equals: [Case] =
        [
            ("/%61.txt", "hello"), ("/%61%2E%74xt", "hello"), ("/./a.txt", "hello"),
            ("/dir/../a.txt", "hello"), ("/dir/./in.txt", "in dir"),
            ("/dir/deep/../in.txt", "in dir"),
            ("/dir/deep/../../a.txt", "hello"), ("/dir/%2e%2e/a.txt", "hello"),
            ("/dir/%2E./a.txt", "hello"), ("/dir/.%2e/a.txt", "hello"), ("/%2e/a.txt", "hello"),
            ("/dir/deep/./../in.txt", "in dir"), ("/none/../a.txt", "hello"),
        ].map { (target: String, text: String) in
            Case(
                "the same path \(target)", "9110 4.2.3", .should, Request.get(target),
                [.get(200, checks: [.text(text)])])
        }
        + [
            ("//a.txt", "hello"), ("/dir//in.txt", "in dir"), ("///dir///in.txt", "in dir"),
            ("/dir%2Fin.txt", "in dir"), ("/dir%2fdeep/file.txt", "deep"),
            ("/dir/deep//../in.txt", "in dir"), ("/dir/..%2fa.txt", "hello"),
        ].map { (target: String, text: String) in
            Case(
                "the path \(target), as nginx", "9110 4.2.3", .house, Request.get(target),
                [.get(200, checks: [.text(text)])])
        }
        + [
            ("A.TXT in capitals is another", "/A.TXT"),
            (
                "upper.txt in small letters is another",
                "/upper.txt"
            ),
            ("a name with a space behind it", "/a.txt%20"),
            ("a name with a dot behind it", "/a.txt."),
            ("what is decoded once only", "/%2561.txt"), ("a question mark in the name", "/what"),
            ("a backslash is no slash", "/dir%5Cin.txt"),
            ("a semicolon is no parameter", "/a.txt;x=y"),
        ].map { (name: String, target: String) in
            Case(name, "9110 4.2.3", .should, Request.get(target), [.get(404)], then: .any)
        }
        + [
            ("a file with a slash behind it", "/a.txt/"),
            ("a file with %2F behind it", "/a.txt%2F"),
            ("a file with a dot segment behind it", "/a.txt/."),
            ("overlong UTF-8", "/%c0%ae%c0%ae/a.txt"),
        ].map { (name: String, target: String) in
            Case("\(name), as nginx", "9110 4.2.3", .house, Request.get(target), [.get(404)])
        }

    /// No path leads above the root.
    private static let climbing: [Case] = [
        "/../second/a.txt", "/dir/../../second/a.txt", "/%2e%2e/second/a.txt",
        "/..%2fsecond/a.txt", "/.%2e/second/a.txt", "/%2e./second/a.txt",
        "/dir/%2e%2e/%2e%2e/second/a.txt", "/dir/..%2f..%2fsecond%2fa.txt", "//../second/a.txt",
        "/./../second/a.txt", "/dir/deep/../../../second/a.txt", "/..", "/%2e%2e", "/dir/../..",
        "/..//second/a.txt", "/dir/deep/%2e%2e%2f%2e%2e%2f%2e%2e%2fsecond/a.txt",
        "/%2e%2e%2fsecond%2fa.txt",
    ].flatMap { target in
        [
            Case(
                "no climbing by \(target)", "9110 17.3", .should, Request.get(target),
                [.get(checks: [.isNot("second")])], then: .any),
            Case(
                "\(target) is 400, as nginx", "9110 17.3", .house, Request.get(target), [.get(400)],
                then: .any),
        ]
    }

    private static let looks: [Case] = [
        "/..%5csecond%5ca.txt", "/%252e%252e/second/a.txt", "/..;/second/a.txt",
        "/.../second/a.txt", "/..%c0%af../second/a.txt", "/%c0%ae%c0%ae/second/a.txt",
        "/dir/..%5c..%5csecond/a.txt", "/....//second/a.txt", "/..\\second\\a.txt",
    ].flatMap { target in
        [
            Case(
                "\(target) does not climb", "9110 17.3", .should, Request.get(target),
                [.get(checks: [.isNot("second")])], then: .any),
            Case(
                "\(target) only looks like climbing", "9110 17.3", .house, Request.get(target),
                [.get(404)]),
        ]
    }

    private static let redirects: [Case] = [
        Case(
            "a directory without a slash", "9110 15.4.2", .should, Request.get("/dir"),
            [.get(301, 308, checks: [.has("Location")])]),
        Case(
            "a redirect names the directory", "9110 10.2.2", .house, Request.get("/dir"),
            [.get(301, checks: [.field("Location", "/dir/")])]),
        Case(
            "a redirect keeps the query", "9110 15.4", .house, Request.get("/dir?a=b&c"),
            [.get(301, checks: [.field("Location", "/dir/?a=b&c")])]),
        Case(
            "a redirect of a deeper directory", "9110 15.4", .house, Request.get("/dir/deep"),
            [.get(301, checks: [.field("Location", "/dir/deep/")])]),
        Case(
            "a redirect does not name another host", "9110 17.9", .should, Request.get("//dir"),
            [.get(200, 301, 302, 308, 400, 404, checks: [.locationIsHere])]),
        Case(
            "a redirect of several slashes does not name another host", "9110 17.9", .should,
            Request.get("////dir"),
            [.get(200, 301, 302, 308, 400, 404, checks: [.locationIsHere])]),
        Case(
            "a redirect of dot segments does not name another host", "9110 17.9", .should,
            Request.get("/.//dir"),
            [.get(200, 301, 302, 308, 400, 404, checks: [.locationIsHere])]),
        Case(
            "a redirect of a backslash does not name another host", "9110 17.9", .should,
            Request.get("/%5cdir/../dir"),
            [.get(200, 301, 302, 308, 400, 404, checks: [.locationIsHere])], then: .any),
        Case(
            "a redirect without line ends of the request", "9110 17.9", .should,
            Request.get("/dir?%0d%0aX-Evil:%20y"),
            [.get(checks: [.lacks("X-Evil")])], then: .any),
        Case(
            "a path with line ends is no redirect", "9110 17.9", .should,
            Request.get("/dir%0d%0aX-Evil:%20y"), [.get(400, 404, checks: [.lacks("X-Evil")])],
            then: .any),
        Case(
            "a redirect in HTTP/1.0 without Host", "9110 15.4", .house,
            "GET /dir HTTP/1.0\r\n\r\n", [.get(301)], then: .closed),
        Case(
            "HEAD of a directory without a slash", "9110 15.4", .should, Request.head("/dir"),
            [.head(301, 302, 308, checks: [.has("Location")])]),
        Case(
            "a directory with its slash", "9110 15.3.1", Request.get("/dir/"),
            [.get(200, checks: [.text("<p>dir\n")])]),
        Case(
            "POST to a directory without a slash", "9110 15.4", .house,
            Request.request("POST", "/dir", []), [.get(301, 405)], then: .any),
    ]
}
