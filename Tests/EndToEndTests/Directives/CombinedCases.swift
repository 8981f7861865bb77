extension DirectiveGroup {
    /// Interaction of several groups of directives: headers and access with internal redirects,
    /// error pages and `if`.
    static let combined = DirectiveGroup("combined") {
        DirectiveCase(
            "limit_except: allows the named methods",
            server: """
                location /a { limit_except GET { deny all; } return 200 ok; }
                location /b { limit_except POST PUT { deny all; } }
                location /c { limit_except HEAD { deny all; } }
                """,
            files: ["b": "b", "c": "c"],
            .get("/a", expect: 200, "ok"),
            .get("/b", expect: 403), .post("/b", "x", expect: 405),
            .method("PUT", "/b", expect: 405), .method("DELETE", "/b", expect: 403),
            .get("/c", expect: 403), .head("/c", expect: 200))
        DirectiveCase(
            "limit_except: GET includes HEAD",
            server: "location / { limit_except GET { deny all; } }", files: ["f": "f"],
            .get("/f", expect: 200), .head("/f", expect: 200), .post("/f", "x", expect: 403),
            .method("OPTIONS", "/f", expect: 403))
        DirectiveCase(
            "limit_except: lower case is accepted",
            server: "location / { limit_except get { deny all; } }", files: ["f": "f"],
            .get("/f", expect: 200), .post("/f", "x", expect: 403))
        DirectiveCase(
            "allow, deny: the first that matches",
            server: """
                location /a { allow 127.0.0.1; deny all; } location /d { deny all; }
                location /n { deny 127.0.0.0/8; allow all; } location /o { deny 10.0.0.0/8; }
                location /6 { allow ::1; deny all; }
                """,
            files: ["a": "a", "d": "d", "n": "n", "o": "o", "6": "6"],
            .get("/a", expect: 200),
            .get(
                "/d", expect: 403,
                .errorLog("access forbidden by rule")),
            .get("/n", expect: 403), .get("/o", expect: 200), .get("/6", expect: 403))
        DirectiveCase(
            "location, return, try_files: the image's front end",
            server: """
                listen 127.0.0.1:{port2};
                location = /healthz { access_log off; default_type text/plain; return 200 "ok\\n"; }
                location /api/ { return 404; }
                location ~* \\.(?:css|js|png|svg|woff2?)$ { try_files $uri =404; }
                location / { try_files $uri $uri/ /index.html; }
                location ~ /\\. { deny all; }
                error_page 500 502 503 504 /50x.html;
                location = /50x.html { root {root}/err; }
                """,
            files: ["index.html": "app", "m.js": "js", ".env": "secret"],
            .get("/healthz", expect: 200, "ok\n"), .get("/api/x", expect: 404),
            .get("/m.js", expect: 200, "js"), .get("/none.js", expect: 404),
            .get("/route", expect: 200, "app"), .get("/.env", expect: 403),
            .get("/", expect: 200, "app", port: 2))
        DirectiveCase(
            "add_header, try_files: /index.html and /index.html =404 differ in fields",
            server: """
                location /a { add_header X-L a; try_files $uri /index.html; }
                location /b { add_header X-L b; try_files $uri /index.html =404; }
                location = /index.html { add_header X-L index; }
                """,
            files: ["index.html": "app"],
            .get("/a/x", expect: 200, "app", .field("X-L", "index")),
            .get("/b/x", expect: 200, "app", .field("X-L", "b")),
            .get("/index.html", expect: 200, .field("X-L", "index")))
        DirectiveCase(
            "add_header, index: an index page has the headers of its location",
            server: """
                location / { add_header X-L slash; }
                location = /index.html { add_header X-L exact; }
                location ~ \\.txt$ { add_header X-L txt; }
                index index.txt index.html;
                """,
            files: ["index.html": "i", "d/index.txt": "t", "e/index.html": "e"],
            .get("/", expect: 200, .field("X-L", "exact")),
            .get("/d/", expect: 200, .field("X-L", "txt")),
            .get("/e/", expect: 200, .field("X-L", "slash")))
        DirectiveCase(
            "add_header: statuses",
            server: """
                add_header X-A a; add_header X-B b always;
                location /200 { return 200 x; } location /201 { return 201 x; }
                location /204 { return 204; } location /206 { return 206 x; }
                location /301 { return 301 /x; } location /302 { return 302 /x; }
                location /303 { return 303 /x; } location /307 { return 307 /x; }
                location /308 { return 308 /x; } location /400 { return 400; }
                location /403 { return 403; } location /500 { return 500; }
                location /304 { return 304; } location /202 { return 202 x; }
                """,
            files: ["f": "0123456789", "d/x": "x"],
            .get("/200", expect: 200, .field("X-A", "a"), .field("X-B", "b")),
            .get("/201", expect: 201, .has("X-A")), .get("/204", expect: 204, .has("X-A")),
            .get("/206", expect: 206, .has("X-A")), .get("/301", expect: 301, .has("X-A")),
            .get("/302", expect: 302, .has("X-A")), .get("/303", expect: 303, .has("X-A")),
            .get("/307", expect: 307, .has("X-A")), .get("/308", expect: 308, .has("X-A")),
            .get("/304", expect: 304, .has("X-A")),
            .get("/202", expect: 202, .noField("X-A"), .has("X-B")),
            .get("/400", expect: 400, .noField("X-A"), .has("X-B")),
            .get("/403", expect: 403, .noField("X-A"), .has("X-B")),
            .get("/500", expect: 500, .noField("X-A"), .has("X-B")),
            .get("/none", expect: 404, .noField("X-A"), .has("X-B")),
            .get("/f", ["Range: bytes=0-1"], expect: 206, .has("X-A")),
            // nginx has added the file's headers when it finds that the range is not satisfiable.
            .get(
                "/f", ["Range: bytes=99-"], expect: 416, .has("X-A"), .fields("X-B", ["b", "b"])),
            .get("/f", ["If-None-Match: *"], expect: 304, .has("X-A"), .has("X-B")),
            .get("/f", ["If-Match: \"x\""], expect: 412, .noField("X-A"), .has("X-B")),
            .get("/d", expect: 301, .has("X-A")), .post("/f", "x", expect: 405, .has("X-B")),
            .raw("GET / HTTP/1.1\r\n\r\n", expect: 400, .has("X-B")),
            .raw("BAD\r\n\r\n", expect: 400, .has("X-B")))
        DirectiveCase(
            "add_header: a level with headers inherits none of the outer levels",
            server: """
                add_header X-Frame-Options DENY; add_header X-S s;
                location /own/ { add_header X-O o; }
                location /none/ { }
                location /nest/ { add_header X-N n; location /nest/in/ { } }
                """,
            files: ["own/f": "1", "none/f": "2", "nest/in/f": "3"],
            .get(
                "/own/f", expect: 200, .field("X-O", "o"), .noField("X-S"),
                .noField("X-Frame-Options")),
            .get("/none/f", expect: 200, .field("X-S", "s"), .field("X-Frame-Options", "DENY")),
            .get("/nest/in/f", expect: 200, .field("X-N", "n"), .noField("X-S")))
        DirectiveCase(
            "add_header, if: the last matching if sets the headers",
            server: """
                location / {
                    add_header X-L outer;
                    if ($arg_a) { add_header X-A a; }
                    if ($arg_b) { add_header X-B b; }
                    if ($arg_c) { set $c 1; }
                }
                """,
            files: ["f": "f"],
            .get("/f", expect: 200, .field("X-L", "outer")),
            .get("/f?a=1", expect: 200, .field("X-A", "a"), .noField("X-L")),
            .get("/f?b=1", expect: 200, .field("X-B", "b"), .noField("X-L")),
            .get("/f?a=1&b=1", expect: 200, .field("X-B", "b"), .noField("X-A")),
            .get("/f?c=1", expect: 200, .field("X-L", "outer")),
            .get("/f?a=1&c=1", expect: 200, .field("X-L", "outer"), .noField("X-A")))
        DirectiveCase(
            "add_header, return, if: the CORS shape",
            server: """
                location / {
                    if ($request_method = OPTIONS) {
                        add_header Access-Control-Allow-Origin *;
                        add_header Access-Control-Max-Age 1728000;
                        add_header Content-Length 0;
                        return 204;
                    }
                    add_header Access-Control-Allow-Origin * always;
                }
                """,
            files: ["f": "f"],
            .method(
                "OPTIONS", "/f", expect: 204, .field("Access-Control-Allow-Origin", "*"),
                .field("Access-Control-Max-Age", "1728000")),
            .get("/f", expect: 200, .field("Access-Control-Allow-Origin", "*")),
            .get("/none", expect: 404, .field("Access-Control-Allow-Origin", "*")))
        DirectiveCase(
            "add_header, error_page: the page's location gives the fields",
            server: """
                error_page 404 /404.html; add_header X-S s always;
                location = /404.html { add_header X-P page; add_header X-Q always always; }
                location /l/ { add_header X-L l always; }
                """,
            files: ["404.html": "missing"],
            .get(
                "/l/none", expect: 404, "missing", .noField("X-L"), .noField("X-S"),
                .noField("X-P"), .field("X-Q", "always")))
        DirectiveCase(
            "add_header, error_page: =200 sends all of them",
            server: """
                error_page 404 =200 /ok; location = /ok { add_header X-P page; }
                """,
            files: ["ok": "ok"], .get("/none", expect: 200, "ok", .field("X-P", "page")))
        DirectiveCase(
            "add_header: variables, empty values, several with one name",
            server: """
                add_header X-V "$request_method $uri"; add_header X-E $arg_e;
                add_header X-T 1; add_header X-T 2; add_header X-Status $status;
                add_header X-Type $sent_http_content_type;
                """,
            files: ["f.html": "f"],
            .get(
                "/f.html", expect: 200, .field("X-V", "GET /f.html"), .noField("X-E"),
                .fields("X-T", ["1", "2"]), .field("X-Status", "200"),
                .field("X-Type", "text/html")),
            .get("/f.html?e=x", expect: 200, .field("X-E", "x")))
        DirectiveCase(
            "add_header: headers that already exist",
            server: """
                add_header Last-Modified "Thu, 01 Jan 2015 00:00:00 GMT"; add_header Vary X;
                location /e { add_header ETag "\\"own\\""; }
                location /c { add_header Content-Type x/y; }
                location /n { add_header Last-Modified ""; }
                """,
            files: ["f": "f", "e": "e", "c": "c", "n": "n"],
            .get(
                "/f", expect: 200, .field("Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT"),
                .field("Vary", "X")),
            .get("/e", expect: 200), .get("/c", expect: 200),
            .get("/n", expect: 200, .noField("Last-Modified")))
        DirectiveCase(
            "expires, add_header: two Cache-Control fields",
            server: """
                location /y { expires 1y; add_header Cache-Control public; }
                location /o { expires off; add_header Cache-Control "no-store"; }
                location /m { expires max; } location /e { expires epoch; }
                location /n { expires -1; } location /0 { expires 0; }
                """,
            files: ["y": "y", "o": "o", "m": "m", "e": "e", "n": "n", "0": "0"],
            .get(
                "/y", expect: 200, .fields("Cache-Control", ["max-age=31536000", "public"]),
                .has("Expires")),
            .get("/o", expect: 200, .fields("Cache-Control", ["no-store"]), .noField("Expires")),
            .get(
                "/m", expect: 200, .field("Cache-Control", "max-age=315360000"),
                .field("Expires", "Thu, 31 Dec 2037 23:55:55 GMT")),
            .get(
                "/e", expect: 200, .field("Cache-Control", "no-cache"),
                .field("Expires", "Thu, 01 Jan 1970 00:00:01 GMT")),
            .get("/n", expect: 200, .field("Cache-Control", "no-cache")),
            .get("/0", expect: 200, .field("Cache-Control", "max-age=0")),
            .get("/y", ["If-None-Match: *"], expect: 304, .has("Cache-Control")),
            .get("/yy", expect: 404, .noField("Expires"), .noField("Cache-Control")))
        DirectiveCase(
            "expires, map: by the type of the response, including error pages",
            declares: """
                map $sent_http_content_type $combinedExpires {
                    default off; text/html epoch; text/css max; ~image/ 7d;
                    application/json 1h;
                }
                """,
            server: """
                expires $combinedExpires; error_page 404 /404.html;
                location /t { return 200 x; }
                location /j { default_type application/json; return 200 x; }
                """,
            files: ["a.html": "1", "a.css": "2", "a.png": "3", "a.txt": "4", "404.html": "5"],
            .get("/a.html", expect: 200, .field("Cache-Control", "no-cache")),
            .get("/a.css", expect: 200, .field("Cache-Control", "max-age=315360000")),
            .get("/a.png", expect: 200, .field("Cache-Control", "max-age=604800")),
            .get("/a.txt", expect: 200, .noField("Cache-Control")),
            .get("/none", expect: 404, .noField("Cache-Control")),
            .get("/t", expect: 200, .noField("Expires")),
            .get("/j", expect: 200, .field("Cache-Control", "max-age=3600")))
        DirectiveCase(
            "deny, return: return is processed before access",
            server: """
                location /r { deny all; return 200 returned; }
                location /t { deny all; try_files $uri =404; }
                location /i/ { deny all; index f; }
                """,
            files: ["t": "t", "i/f": "f"],
            .get("/r", expect: 200, "returned"), .get("/t", expect: 403),
            .get("/i/", expect: 403), .get("/tnone", expect: 403))
        DirectiveCase(
            "deny, error_page: of a refused request",
            server: """
                error_page 403 /403.html; location /x { deny all; }
                location /all { deny all; error_page 403 /all/403.html; }
                """,
            files: ["403.html": "forbidden", "all/403.html": "unreachable"],
            .get("/x", expect: 403, "forbidden"),
            .get("/all", expect: 403, .bodyLacks("unreachable")))
        DirectiveCase(
            "deny, location: dot files but .well-known",
            server: "location ~ /\\.(?!well-known) { deny all; }",
            files: [".git/config": "c", ".well-known/x": "w", "a/.env": "e", "f": "f"],
            .get("/.git/config", expect: 403), .get("/.well-known/x", expect: 200, "w"),
            .get("/a/.env", expect: 403), .get("/f", expect: 200))
        DirectiveCase(
            "deny: after an internal redirect the new location's rules apply",
            server: """
                location / { try_files $uri /secret; } location = /secret { deny all; }
                location /open/ { deny all; location /open/in/ { allow all; } }
                """,
            files: ["secret": "s", "open/in/f": "f"],
            .get("/none", expect: 403), .get("/open/in/f", expect: 200, "f"),
            .get("/open/f", expect: 403))
        DirectiveCase(
            "auth_basic: realm, users, and error pages",
            server: """
                location /a { auth_basic "closed site"; auth_basic_user_file {root}/users; }
                location /off { auth_basic off; } error_page 401 /401.html;
                """,
            files: [
                "users": "ann:{PLAIN}secret\n# comment\nbob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
                "a": "a", "off": "off", "401.html": "who?",
            ],
            .get(
                "/a", expect: 401, "who?",
                .field("WWW-Authenticate", "Basic realm=\"closed site\"")),
            .get("/a", ["Authorization: Basic YW5uOnNlY3JldA=="], expect: 200, "a"),
            .get("/a", ["Authorization: Basic Ym9iOnNlY3JldA=="], expect: 200, "a"),
            .get("/a", ["Authorization: Basic YW5uOndyb25n"], expect: 401),
            .get("/a", ["Authorization: Bearer x"], expect: 401),
            .get("/off", expect: 200, "off"))
        DirectiveCase(
            "satisfy: any and all, with errors",
            server: """
                auth_basic realm; auth_basic_user_file {root}/users;
                location /any { satisfy any; allow 127.0.0.1; deny all; }
                location /all { satisfy all; allow 127.0.0.1; deny all; }
                location /no { satisfy any; deny all; }
                """,
            files: ["users": "ann:{PLAIN}secret\n", "any": "any", "all": "all", "no": "no"],
            .get("/any", expect: 200), .get("/all", expect: 401),
            .get("/all", ["Authorization: Basic YW5uOnNlY3JldA=="], expect: 200),
            .get("/no", expect: 401),
            .get("/no", ["Authorization: Basic YW5uOnNlY3JldA=="], expect: 200))
        DirectiveCase(
            "root, location, gzip, expires, add_header: a front end with everything",
            declares: "map $sent_http_content_type $combinedFront { default off; ~font/ 1y; }",
            server: """
                index index.html;
                gzip on; gzip_vary on; gzip_min_length 256; gzip_proxied any;
                gzip_types text/css application/javascript application/json;
                add_header X-Content-Type-Options nosniff always;
                location ~* \\.(?:css|js)$ {
                    expires 1y; add_header Cache-Control "public, immutable"; access_log off;
                }
                location / { try_files $uri $uri/ /index.html; expires $combinedFront; }
                location = /index.html { add_header Cache-Control no-cache; }
                error_page 404 /404.html;
                """,
            files: [
                "index.html": .text(wordyText(600)), "a.js": .text(wordyText(600)),
                "404.html": "404",
            ],
            .get(
                "/", ["Accept-Encoding: gzip"], expect: 200, .field("Cache-Control", "no-cache"),
                .gzipped(wordyText(600)), .field("Vary", "Accept-Encoding"),
                .noField("X-Content-Type-Options")),
            .get(
                "/a.js", ["Accept-Encoding: gzip"], expect: 200,
                .fields("Cache-Control", ["max-age=31536000", "public, immutable"])),
            .get("/b.js", expect: 404, "404", .noField("Cache-Control")),
            .get("/route", expect: 200, .field("Cache-Control", "no-cache")))
    }
}
