extension DirectiveGroup {
    /// The reason phrase, the built-in page and the connection for each status of `return`.
    static let statuses = DirectiveGroup("statuses") {
        everyStatus("return: every status, without a text", "")
        everyStatus("return: every status, with an empty text", " ''")
        everyStatus("return: every status, with a text", " text")
        everyStatus("return: every status, with a text that comes out empty", " $arg_none")
        DirectiveCase(
            "return: a status of less than three digits",
            server: """
                location = /0 { return 0; } location = /7 { return 7 seven; }
                location = /99 { return 99; }
                """,
            .get("/0", expect: 0, .reason("")), .get("/7", expect: 7, "seven"),
            .get("/99", expect: 99))
        DirectiveCase(
            "return, error_page: nginx's internal codes of a bad request are sent as 400",
            server: """
                error_page 494 495 496 497 498 /page; location = /page { return 200 page; }
                location = /494 { return 494; } location = /495 { return 495; }
                location = /496 { return 496; } location = /497 { return 497; }
                location = /498 { return 498; }
                """,
            .get("/494", expect: 400, "page", .keeps), .get("/495", expect: 400, "page", .closes),
            .get("/496", expect: 400, "page", .closes), .get("/497", expect: 400, "page", .closes),
            .get("/498", expect: 498, "page", .keeps))
        DirectiveCase(
            "return, error_page: 408 and 444 close the connection before a page is looked for",
            server: """
                error_page 408 444 /page; location = /page { return 200 page; }
                location = /408 { return 408; } location = /444 { return 444; }
                location = /text { return 444 text; }
                """,
            .get("/408", expect: .noResponse), .get("/444", expect: .noResponse),
            .get("/text", expect: 444, "text"))
        DirectiveCase(
            "try_files, error_page: a status that closes the connection",
            server: """
                location = /a { try_files /none =408; } location = /b { try_files /none =499; }
                location = /c { error_page 404 = @closes; } location @closes { return 499; }
                location = /d { try_files /none =497; }
                """,
            .get("/a", expect: .noResponse), .get("/b", expect: .noResponse),
            .get("/c", expect: .noResponse), .get("/d", expect: 400))
        DirectiveCase(
            "return, access_log: the status of a request that is closed without a response",
            declares: "log_format of_closed '$request_uri $status';",
            server: """
                access_log {dir}/closed.log of_closed;
                location = /408 { return 408; } location = /499 { return 499; }
                location = /99 { return 99; }
                """,
            .get("/408", expect: .noResponse), .get("/499", expect: .noResponse),
            .get("/99", expect: 99, .logs("closed.log", "/408 408")),
            .get("/99", expect: 99, .logs("closed.log", "/499 499")),
            .get("/99", expect: 99, .logs("closed.log", "/99 099")))
        DirectiveCase(
            "add_header: an Allow of the configuration is the only one of a 405",
            server: """
                location /always { add_header Allow "GET, HEAD, POST" always; }
                location /errors { add_header allow PUT; add_header X-Y 1 always; }
                location /made { add_header Allow "$request_method" always; }
                location /none { add_header Allow "$arg_none" always; add_header X-Y 1 always; }
                """,
            files: ["always": "a", "errors": "e", "made": "m", "none": "n"],
            .post("/always", "x", expect: 405, .field("Allow", "GET, HEAD, POST")),
            .post("/errors", "x", expect: 405, nginx: .differs(.allowOn405, [405])),
            .post("/made", "x", expect: 405, .field("Allow", "POST")),
            .post(
                "/none", "x", expect: 405, .field("Allow", "GET, HEAD"),
                nginx: .differs(.allowOn405, [405, .noField("Allow")])))
    }

    /// Statuses with a reason phrase and a page since nginx 1.31.0.
    private static let late: Set<Int> = [407]

    private static func everyStatus(_ name: String, _ text: String) -> DirectiveCase {
        let statuses = Array(100...599)
        var row = DirectiveCase(
            name,
            server: statuses.map { "location = /\($0) { return \($0)\(text); }" }
                .joined(separator: "\n"))
        let hasText = text == " text" || text == " $arg_none"
        row.steps = statuses.map { status in
            if !hasText, status == 408 || status == 444 || status == 499 {
                return .get("/\(status)", expect: .noResponse)
            }
            let sent = (494...497).contains(status) && !hasText ? 400 : status
            let expected = Expectation.status(sent)
            return late.contains(status)
                ? .get("/\(status)", expect: expected, nginx: .before("1.31.0", [expected]))
                : .get("/\(status)", expect: expected)
        }
        return row
    }
}
