/// expires, and its effect on gzip_proxied.
extension DirectiveGroup {
    static let expires = DirectiveGroup("expires") {
        DirectiveCase(
            "expires: a span of time", server: "expires 1h30m;", files: ["a.txt": "text"],
            .get("/a.txt", expect: 200, .has("Expires"), .field("Cache-Control", "max-age=5400")),
            .head("/a.txt", expect: 200, .has("Expires"), .field("Cache-Control", "max-age=5400")),
            .get(
                "/a.txt", ["Range: bytes=0-0"], expect: 206, .has("Expires"),
                .field("Cache-Control", "max-age=5400")))
        DirectiveCase(
            "expires: a plus before it", server: "expires +30d;", files: ["a.txt": "text"],
            .get("/a.txt", expect: .field("Cache-Control", "max-age=2592000"), .has("Expires")))
        DirectiveCase(
            "expires: a time in the past", server: "expires -1;", files: ["a.txt": "text"],
            .get("/a.txt", expect: .field("Cache-Control", "no-cache"), .has("Expires")))
        DirectiveCase(
            "expires: now", server: "expires 0;", files: ["a.txt": "text"],
            .get("/a.txt", expect: .field("Cache-Control", "max-age=0"), .has("Expires")))
        DirectiveCase(
            "expires: epoch", server: "expires epoch;", files: ["a.txt": "text"],
            .get(
                "/a.txt", expect: .field("Cache-Control", "no-cache"),
                .field("Expires", "Thu, 01 Jan 1970 00:00:01 GMT")))
        DirectiveCase(
            "expires: max", server: "expires max;", files: ["a.txt": "text"],
            .get(
                "/a.txt", expect: .field("Cache-Control", "max-age=315360000"),
                .field("Expires", "Thu, 31 Dec 2037 23:55:55 GMT")))
        DirectiveCase(
            "expires: off inside of a level with it",
            server: "expires 1h; location /a { expires off; return 200 x; }",
            .get("/a", expect: .noField("Expires"), .noField("Cache-Control")))
        DirectiveCase(
            "expires: a time after the file's, in the past",
            server: "expires modified +24h;", files: ["a.txt": "text"],
            .get(
                "/a.txt", expect: .field("Cache-Control", "no-cache"),
                .field("Expires", "Sat, 15 Feb 2020 13:14:15 GMT")))
        DirectiveCase(
            "expires: a time that is counted from the file's",
            server: "expires modified 50y;", files: ["a.txt": "text"],
            .get(
                "/a.txt", expect: .field("Expires", "Sat, 01 Feb 2070 13:14:15 GMT"),
                .has("Cache-Control"), ignoring: ["Cache-Control"]))
        DirectiveCase(
            "expires: from the file's time, but zero", server: "expires modified 0;",
            files: ["a.txt": "text"],
            .get("/a.txt", expect: .field("Cache-Control", "max-age=0")))
        DirectiveCase(
            "expires: modified, for content without a time", server: "expires modified 1h;",
            files: ["a/b.txt": ""],
            .get("/a", expect: 301, .field("Cache-Control", "max-age=3600")))
        DirectiveCase(
            "expires: a time of the day", server: "expires @15h30m;", files: ["a.txt": "text"],
            .get(
                "/a.txt", expect: .has("Expires"), .has("Cache-Control"),
                ignoring: ["Cache-Control", "Expires"]))
        DirectiveCase(
            "expires: variables",
            server: """
                location /v { alias {root}; expires $arg_e; }
                location /m { alias {root}; expires modified $arg_e; }
                """,
            files: ["a.txt": "text"],
            .get("/v/a.txt?e=1h", expect: .field("Cache-Control", "max-age=3600")),
            .get("/v/a.txt?e=-1h", expect: .field("Cache-Control", "no-cache")),
            .get("/v/a.txt?e=max", expect: .field("Cache-Control", "max-age=315360000")),
            .get("/v/a.txt?e=epoch", expect: .field("Cache-Control", "no-cache")),
            .get("/v/a.txt?e=off", expect: 200, .noField("Cache-Control"), .noField("Expires")),
            .get("/v/a.txt?e=", expect: 200, .noField("Cache-Control"), .noField("Expires")),
            .get("/v/a.txt?e=foo", expect: 200, .noField("Cache-Control")),
            .get("/v/a.txt?e=@25h", expect: 200, .noField("Cache-Control")),
            .get(
                "/v/a.txt?e=@1h", expect: .has("Cache-Control"),
                ignoring: ["Cache-Control", "Expires"]),
            .get(
                "/m/a.txt?e=1h",
                expect: .field("Expires", "Fri, 14 Feb 2020 14:14:15 GMT"),
                .field("Cache-Control", "no-cache")),
            .get("/m/a.txt?e=max", expect: 200, .noField("Expires")),
            .get("/m/a.txt?e=@1h", expect: 200, .noField("Expires")))
        DirectiveCase(
            "expires: a variable of the response",
            server: """
                location / { set $long ""; if ($uri ~ css$) { set $long 1y; } expires $long; }
                """,
            files: ["a.css": "text", "a.txt": ""],
            .get("/a.css", expect: .field("Cache-Control", "max-age=31536000")),
            .get("/a.txt", expect: .noField("Cache-Control")))
        DirectiveCase(
            "expires: statuses",
            server: """
                expires 1h; location /302 { return 302 /x; } location /204 { return 204; }
                location /403 { return 403; } location /201 { return 201 x; }
                location /202 { return 202 x; } location /503 { return 503; }
                """,
            .get("/302", expect: 302, .field("Cache-Control", "max-age=3600")),
            .get("/204", expect: 204, .field("Cache-Control", "max-age=3600")),
            .get("/201", expect: 201, .field("Cache-Control", "max-age=3600")),
            .get("/202", expect: 202, .noField("Cache-Control")),
            .get("/403", expect: 403, .noField("Cache-Control"), .noField("Expires")),
            .get("/503", expect: 503, .noField("Cache-Control")),
            .get("/none", expect: 404, .noField("Cache-Control")))
        DirectiveCase(
            "expires: an error page with another status",
            server: "expires 1h; error_page 404 =200 /e.html;", files: ["e.html": "page"],
            .get("/none", expect: 200, "page", .field("Cache-Control", "max-age=3600")))
        DirectiveCase(
            "expires: 304 has it too", server: "expires 1h;", files: ["a.txt": "text"],
            .get(
                "/a.txt", ["If-None-Match: \"5e469d27-4\""], expect: 304,
                .field("Cache-Control", "max-age=3600"), .has("Expires")))
        DirectiveCase(
            "expires: fields know of it",
            server: "expires 1h; add_header A \"$sent_http_cache_control\";",
            files: ["a.txt": "text"], .get("/a.txt", expect: .field("A", "max-age=3600")))
        DirectiveCase(
            "expires: inherited by levels with headers",
            server: "expires 1h; location /a { add_header A a; return 200 x; }",
            .get("/a", expect: .field("A", "a"), .field("Cache-Control", "max-age=3600")))
        DirectiveCase(
            "expires: no time", server: "expires soon;",
            refuses: "\"expires\" directive invalid value")
        DirectiveCase(
            "expires: a capital word", server: "expires EPOCH;",
            refuses: "\"expires\" directive invalid value")
        DirectiveCase(
            "expires: no argument", server: "expires \"\";",
            refuses: "\"expires\" directive invalid value")
        DirectiveCase(
            "expires: more than a day", server: "expires @25h;",
            refuses: "\"expires\" directive daily time value must be less than 24 hours")
        DirectiveCase(
            "expires: a time of the day behind modified", server: "expires modified @1h;",
            refuses: "daily time cannot be used with \"modified\" parameter")
        DirectiveCase(
            "expires: max behind modified", server: "expires modified max;",
            refuses: "\"expires\" directive invalid value")
        DirectiveCase(
            "expires: an invalid argument before a time", server: "expires created 1h;",
            refuses: "\"expires\" directive invalid value")
        DirectiveCase(
            "expires: twice", server: "expires 1h; expires 2h;",
            refuses: "\"expires\" directive is duplicate")
        DirectiveCase(
            "gzip_proxied, expires: expired",
            server: """
                gzip on; gzip_min_length 1; gzip_types *; gzip_proxied expired;
                location /over { alias {root}; expires -1; }
                location /epoch { alias {root}; expires epoch; }
                location /later { alias {root}; expires 1h; }
                location /now { alias {root}; expires 0; }
                location /none { alias {root}; }
                location /control { alias {root}; add_header Cache-Control no-cache; }
                location /field { alias {root};
                    add_header Expires "Thu, 01 Jan 1970 00:00:01 GMT"; }
                """,
            files: ["a.txt": "text"],
            .get("/over/a.txt", via, expect: .gzipped("text")),
            .get("/epoch/a.txt", via, expect: .gzipped("text")),
            .get("/later/a.txt", via, expect: "text", .noField("Content-Encoding")),
            .get("/now/a.txt", via, expect: "text"),
            .get("/none/a.txt", via, expect: .gzipped("text")),
            .get("/control/a.txt", via, expect: "text"),
            .get("/field/a.txt", via, expect: .gzipped("text")))
        DirectiveCase(
            "gzip_proxied, add_header: no-cache, no-store and private",
            server: """
                gzip on; gzip_min_length 1; gzip_types *;
                location /1 { gzip_proxied no-cache no-store private;
                    location /1/c { alias {root}; add_header Cache-Control no-cache; }
                    location /1/s { alias {root}; add_header Cache-Control "public, No-Store"; }
                    location /1/p { alias {root}; add_header Cache-Control "max-age=1,private"; }
                    location /1/v { alias {root}; add_header Cache-Control 'private="x"'; }
                    location /1/m { alias {root}; add_header Cache-Control max-age=1;
                        add_header Cache-Control no-cache; }
                    location /1/n { alias {root}; add_header Cache-Control public; }
                    location /1/e { alias {root}; expires -1; }
                }
                location /2 { gzip_proxied no-store; alias {root};
                    add_header Cache-Control no-cache; }
                """,
            files: ["a.txt": "text"],
            .get("/1/c/a.txt", via, expect: .gzipped("text")),
            .get("/1/s/a.txt", via, expect: .gzipped("text")),
            .get("/1/p/a.txt", via, expect: .gzipped("text")),
            .get("/1/v/a.txt", via, expect: "text"),
            .get("/1/m/a.txt", via, expect: .gzipped("text")),
            .get("/1/n/a.txt", via, expect: "text"),
            .get("/1/e/a.txt", via, expect: "text"),
            .get("/2/a.txt", via, expect: "text"))
        DirectiveCase(
            "gzip_proxied, add_header: no_last_modified, no_etag and auth",
            server: """
                gzip on; gzip_min_length 1; gzip_types *;
                location /lm { alias {root}; gzip_proxied no_last_modified; }
                location /alm { alias {root}; gzip_proxied no_last_modified;
                    add_header Last-Modified "Fri, 14 Feb 2020 13:14:14 GMT"; }
                location /et { alias {root}; gzip_proxied no_etag; }
                location /noet { alias {root}; gzip_proxied no_etag; etag off; }
                location /aet { alias {root}; gzip_proxied no_etag; etag off;
                    add_header ETag '"x"'; }
                location /cet { alias {root}; gzip_proxied no_etag; add_header ETag ''; }
                location /auth { alias {root}; gzip_proxied auth expired; expires 1h; }
                location /any { alias {root}; gzip_proxied any; expires 1h; }
                location /off { alias {root}; }
                """,
            files: ["a.txt": "text"],
            .get("/lm/a.txt", via, expect: .gzipped("text")),
            .get("/alm/a.txt", via, expect: "text"),
            .get("/et/a.txt", via, expect: "text"),
            .get("/noet/a.txt", via, expect: .gzipped("text")),
            .get("/aet/a.txt", via, expect: "text"),
            .get("/cet/a.txt", via, expect: .gzipped("text")),
            .get("/auth/a.txt", via, expect: "text"),
            .get("/auth/a.txt", via + ["Authorization: Basic eDp5"], expect: .gzipped("text")),
            .get("/any/a.txt", via, expect: .gzipped("text")),
            .get("/off/a.txt", via, expect: "text"))
    }

    private static let via = ["Accept-Encoding: gzip", "Via: 1.1 proxy"]
}
