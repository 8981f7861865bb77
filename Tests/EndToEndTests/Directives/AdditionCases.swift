extension DirectiveGroup {
    private static let text = String(repeating: "A line of text.\n", count: 5000)

    private static let parts: [String: Fixture] = [
        "page.html": "<page>", "page.txt": "text", "before.html": "<before>",
        "after.html": "<after>", "big.html": .text(text), "d/index.html": "<index>",
        "inner/x.html": "<inner>",
    ]

    /// Texts added before and after the body.
    static let additions = DirectiveGroup("additions") {
        DirectiveCase(
            "add_before_body, add_after_body, addition_types: around a page",
            server: """
                add_before_body /before.html; add_after_body /after.html;
                location /inner/ { add_before_body ""; }
                location /types/ { alias {root}/; addition_types text/plain; }
                location /all/ { alias {root}/; addition_types *; }
                location = /before.html { internal; }
                location /gone { error_page 404 /page.html; }
                location /ok { error_page 404 =200 /page.html; }
                """,
            files: parts,
            .get(
                "/page.html", expect: 200, "<before><page><after>", .chunked,
                .noField("Content-Length"), .noField("Accept-Ranges"), .has("ETag"),
                .field("Last-Modified", "Fri, 14 Feb 2020 13:14:15 GMT")),
            .head("/page.html", expect: 200, .empty, .noField("Content-Length")),
            .raw(
                "GET /page.html HTTP/1.0\r\n\r\n", expect: 200, "<before><page><after>", .closes),
            .get("/page.html", ["Range: bytes=0-3"], expect: 200, "<before><page><after>"),
            .get(
                "/page.html", ["If-None-Match: *"], expect: 304, .empty,
                nginx: .differs(.tagOnNotModified, [304])),
            .get("/page.txt", expect: 200, "text", .field("Content-Length", "4")),
            .get("/inner/x.html", expect: 200, "<inner><after>"),
            .get("/d/", expect: 200, "<before><index><after>"),
            .get("/types/page.txt", expect: 200, "<before>text<after>"),
            .get("/types/page.html", expect: 200, "<before><page><after>"),
            .get("/all/page.txt", expect: 200, "<before>text<after>"),
            .get("/gone", expect: 404, "<page>"),
            .get("/ok", expect: 200, "<before><page><after>"),
            .get("/none", expect: 404, .bodyLacks("<before>")))
        DirectiveCase(
            "add_before_body, add_after_body: all kinds of responses",
            server: """
                gzip on; gzip_min_length 1; set $who me; default_type text/html;
                location /big { alias {root}/page.html; add_before_body /big.html;
                                add_after_body /big.html; }
                location /big.html { }
                location /list { alias {root}/page.html; add_after_body /files/; }
                location /files/ { alias {root}/d/; index none; autoindex on;
                                   autoindex_format json; }
                location /nothing { alias {root}/page.html; add_after_body /nowhere; }
                location /sent { alias {root}/page.html; add_before_body /said; }
                location /said { return 200 "$uri $request_uri $args $who;"; }
                location /tried { alias {root}/page.html; add_after_body /try/x; }
                location /try/ { try_files $uri /after.html; }
                location /itself { alias {root}/page.html; add_after_body /itself; }
                location /directory { alias {root}/page.html; add_after_body /d; }
                """,
            files: parts,
            .get("/big", expect: 200, .body(text + "<page>" + text)),
            .get(
                "/big", ["Accept-Encoding: gzip"], expect: 200, .gzipped(text + "<page>" + text)),
            .get("/list", expect: 200, .bodyContains("<page>[\r\n{ \"name\":\"index.html\"")),
            .get(
                "/nothing", expect: 200, .bodyContains("<page><"),
                .bodyContains("404 Not Found")),
            .get("/sent?a=b", expect: 200, "/said /sent?a=b  me;<page>"),
            .get("/tried", expect: 200, "<page><after>"),
            .get("/itself", expect: 200, "<page><page>"),
            .get("/directory", expect: 200, .bodyContains("301 Moved Permanently")),
            .raw(
                "GET /big HTTP/1.1\r\nHost: a\r\n\r\nGET /before.html HTTP/1.1\r\nHost: a\r\n\r\n",
                expect: 200, .body(text + "<page>" + text)),
            .next(expect: 200, "<before>"))
        DirectiveCase(
            "add_after_body, charset: parts in the charset of the response", http: latinMaps,
            server: """
                charset utf-8; add_after_body /latin/a.txt; addition_types text/plain;
                location /latin/ { alias {root}/; source_charset latin; }
                location /packed/ { alias {root}/; gzip_static always; gunzip on; }
                """,
            files: ["a.txt": .bytes(latinText), "u.txt": "ü", "p.txt.gz": .stored([0x61])],
            .get("/u.txt", expect: 200, "ücafé € ?\n"),
            .get("/latin/a.txt", expect: 200, "café € ?\ncafé € ?\n"),
            .get("/packed/p.txt", expect: 200, "acafé € ?\n"))
    }

    /// Texts added to responses of internal redirects and error pages.
    static let elsewhere = DirectiveGroup("content elsewhere") {
        DirectiveCase(
            "charset, gunzip, autoindex, empty_gif: after internal redirects",
            http: latinMaps,
            server: """
                charset utf-8;
                location /go { rewrite ^ /gif/x; }
                location /gif/ { empty_gif; charset_types image/gif; }
                location /error { error_page 404 = @listing; root {root}/none; }
                location @listing { rewrite ^ /list/; }
                location /list/ { alias {root}/d/; autoindex on; autoindex_format json; }
                location /try/ { try_files /packed.txt =404; gzip_static always; gunzip on; }
                location /text { default_type text/plain; return 200 "café"; }
                location /moved { return 302 /x; }
                location /kept { return 308 /x; }
                location /if {
                    alias {root}/d/a.txt;
                    if ($arg_l) { charset latin; }
                    source_charset utf-8;
                }
                location /outer/ {
                    charset Big5;
                    location /outer/inner { alias {root}/d/a.txt; }
                }
                location /missing { error_page 404 /d/a.txt; }
                location /named { error_page 404 /gif/e; }
                """,
            files: [
                "d/a.txt": "é", "packed.txt": "never sent", "packed.txt.gz": .stored([0x61]),
            ],
            .get(
                "/go", expect: 200, .field("Content-Type", "image/gif; charset=utf-8"),
                .field("Content-Length", "43")),
            .get("/error/x", expect: 200, .field("Content-Type", "application/json"), .chunked),
            .get("/try/x", expect: 200, "a"),
            .get(
                "/text", expect: 200, "café",
                .field("Content-Type", "text/plain; charset=utf-8")),
            .head("/moved", expect: 302, .field("Content-Type", "text/html")),
            .get("/kept", expect: 308, .field("Content-Type", "text/html; charset=utf-8")),
            .get("/if", expect: 200, "é", .field("Content-Type", "text/plain; charset=utf-8")),
            .get(
                "/if?l=1", expect: 200, .chunked,
                .field("Content-Type", "text/plain; charset=latin")),
            .get("/outer/inner", expect: 200, .field("Content-Type", "text/plain; charset=Big5")),
            .get(
                "/missing", expect: 404, "é", .field("Content-Type", "text/plain; charset=utf-8")),
            .get("/named", expect: 404, .field("Content-Type", "image/gif; charset=utf-8")))
    }
}
