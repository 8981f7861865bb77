extension DirectiveGroup {
    /// Values of variables before there is a response, and in refused requests.
    private static func rootMadeOf(_ variable: String) -> String {
        "events { } http { server { listen 127.0.0.1:{port}; root {root}/\(variable); } }"
    }

    static let requestState = DirectiveGroup("request state") {
        DirectiveCase(
            "log_format: refused requests have the values that were read",
            declares: """
                log_format state1 '$status $request_method $server_protocol $uri $document_uri '
                    '$request_filename $args $connection_requests $request_length';
                """,
            server: """
                access_log {dir}/a.log state1;
                large_client_header_buffers 2 1k; client_header_timeout 300ms;
                """,
            files: ["f": "f"],
            .get("/f", expect: 200),
            .raw(
                "TRACE /t?q HTTP/1.1\r\nHost: a\r\n\r\n", expect: 405,
                .logs("a.log", "405 TRACE HTTP/1.1 /t /t {root}/t q 1 32")),
            .raw(
                "GET /host HTTP/1.1\r\nHost: a/b\r\n\r\n", expect: 400,
                .logs("a.log", "400 GET HTTP/1.1 /host /host {root}/host - 1 31")),
            .raw(
                "GET /none?q HTTP/1.1\r\nA: b\r\n\r\n", expect: 400,
                .logs("a.log", "400 GET HTTP/1.1 /none /none {root}/none q 1 30")),
            .raw(
                "GET /length HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", expect: 400,
                .logs("a.log", "400 GET HTTP/1.1 /length /length {root}/length - 1 52")),
            .raw(
                "GET /large HTTP/1.1\r\nHost: a\r\nA: " + String(repeating: "a", count: 1100),
                expect: 400, .logs("a.log", "400 GET HTTP/1.1 /large /large {root}/large - 1 30")),
            .raw(
                "get /f HTTP/1.1\r\n\r\n", expect: 400, .logs("a.log", "400 - - - - {root} - 1 0")),
            .raw("\u{16}\r\n\r\n", expect: 400, .logs("a.log", "400 - - - - {root} - 1 0")),
            .raw(
                "GET /" + String(repeating: "a", count: 1100), expect: 414,
                .logs("a.log", "414 - - - - {root} - 1 0")),
            .raw(
                "GET /slow?q HTTP/1.1\r\nHost: a\r\nA: ", expect: .noResponse,
                .logs("a.log", "408 GET HTTP/1.1 /slow /slow {root}/slow q 1 31")))
        DirectiveCase(
            "error_page: the path of a refused request",
            server: "error_page 400 405 =200 $uri;", files: ["f": "f", "t": "t"],
            .get("/f", expect: 200, "f"),
            .raw("TRACE /t HTTP/1.1\r\nHost: a\r\n\r\n", expect: 200, "t"),
            .raw("GET /t HTTP/1.1\r\n\r\n", expect: 200, "t"),
            .raw("TRACE /f HTTP/1.1\r\nHost: a\r\n\r\n", expect: 200, "f"))
        DirectiveCase(
            "error_page: a named location for a refused request",
            server: "error_page 400 405 = @named; location @named { return 200 \"$uri\"; }",
            .raw("TRACE /t HTTP/1.1\r\nHost: a\r\n\r\n", expect: 200, "/t"),
            .raw("GET /t HTTP/1.1\r\n\r\n", expect: 200, "/t"),
            .raw("get /t HTTP/1.1\r\n\r\n", expect: 500), .raw("\u{16}\r\n\r\n", expect: 500))
        DirectiveCase(
            "map, access_log: a condition on the path of a refused request",
            declares: """
                log_format state2 '$request_method';
                map $uri $state2 { default 1; /health 0; }
                """,
            server: """
                access_log {dir}/a.log state2 if=$state2; location = /health { return 200 ok; }
                """,
            files: ["f": "f"],
            .get("/health", expect: 200),
            .raw(
                "TRACE /f HTTP/1.1\r\nHost: a\r\n\r\n", expect: 405, .logs("a.log", "TRACE")),
            .raw("get / HTTP/1.1\r\n\r\n", expect: 400, .logs("a.log", "-")))
        DirectiveCase(
            "return, add_header, set, if, map: $status before there is a response",
            declares: "map $status $state3 { default other; 404 none; 200 ok; 000 zero; }",
            server: """
                location = /text { return 200 "$status $state3"; }
                location = /text-404 { return 404 "$status $state3"; }
                location = /away { return 302 "/x-$status"; }
                location = /set { set $state3s $status; return 200 "$state3s"; }
                location = /if { if ($status = 000) { return 200 zero; } return 200 other; }
                location /page { error_page 404 /j; }
                location /page-200 { error_page 404 =200 /j; }
                location /page-named { error_page 404 @n; }
                location /page-target { error_page 404 /t-$status; }
                location = /j { add_header X-S $status always; return 200 "$status $state3"; }
                location @n { if ($status = 404) { return 200 "if $status"; } return 200 other; }
                location /t- { return 200 "$uri"; }
                location = /try { try_files /$status =404; add_header X-S $status always; }
                """,
            files: ["000": "zero"],
            .get("/text", expect: 200, "200 ok"), .get("/text-404", expect: 404, "404 none"),
            .get("/away", expect: 302, .location("http://localhost:{port}/x-302")),
            .get("/set", expect: 200, "000"), .get("/if", expect: 200, "zero"),
            .get("/page/x", expect: 404, "404 none", .field("X-S", "404")),
            .get("/page-200/x", expect: 200, "200 ok", .field("X-S", "200")),
            .get("/page-named/x", expect: 404, "if 404"),
            .get("/page-target/x", expect: 404, "/t-404"),
            .get("/try", expect: 200, "zero", .field("X-S", "200")))
        DirectiveCase(
            "add_header: $sent_http_ variables before there is a header",
            declares: """
                log_format state4 '$uri [$sent_http_x_user][$sent_http_set_cookie][$sent_http_etag]'
                    '[$sent_http_location][$sent_http_content_type]';
                """,
            server: """
                access_log {dir}/a.log state4;
                location / { add_header X-User $arg_user; add_header Set-Cookie id=$arg_user; }
                location = /r { return 200 "[$sent_http_x_user][$sent_http_set_cookie]"; }
                location = /away { return 302 /other; }
                location = /drop { return 444; }
                """,
            files: ["index.html": "i"],
            .get("/?user=alice", expect: 200), .get("/away", expect: 302),
            .get("/r", expect: 200, "[][]", .logs("a.log", "/r [-][-][-][-][text/plain]")),
            .get("/?user=alice", expect: 200),
            .get("/drop", expect: .noResponse, .logs("a.log", "/drop [-][-][-][-][-]")),
            .get("/?user=alice", expect: 200), .same(.get("/r", expect: 200, "[][]")))
        DirectiveCase(
            "return: 444 for the second of several requests loses no response",
            server: "location = /drop { return 444; }", files: ["f": "f"],
            .raw(
                "GET /f HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "GET /drop HTTP/1.1\r\nHost: a\r\n\r\n", expect: 200, "f"),
            .next(expect: 404, .closes))
        DirectiveCase(
            "root: a value that a client chooses",
            server: """
                location /h { root {root}/sites/$http_x; autoindex on; }
                location /a { root {root}/sites/$arg_x; }
                location /c { alias {root}/sites/$cookie_x; }
                location /w { root {root}/sites/../sites/$arg_x; }
                location /part { root {root}/sites/.$arg_x; }
                """,
            files: ["sites/s/h/f": "in", "secret/h/f": "out", "sites/s/w/f": "in", "h/f": "out"],
            .get("/h/f", ["X: s"], expect: 200, "in"), .get("/w/f?x=s", expect: 200, "in"),
            .get(
                "/h/f", ["X: ../secret"], expect: 403,
                nginx: .differs(.outOfRoot, [200, "out"])),
            .get(
                "/h/", ["X: ../secret"], expect: 403,
                nginx: .differs(.outOfRoot, [200]), ignoring: ["Content-Type"]),
            .get("/h/f", ["X: .."], expect: 403, nginx: .differs(.outOfRoot, [200, "out"])),
            .get(
                "/h/f", ["X: s/../../secret"], expect: 403,
                nginx: .differs(.outOfRoot, [200, "out"])),
            .get("/a/f?x=..", expect: 403, nginx: .differs(.outOfRoot, [404])),
            .get("/part/f?x=.", expect: 403, nginx: .differs(.outOfRoot, [404])),
            .get(
                "/c", ["Cookie: x=../h/f"], expect: 403,
                nginx: .differs(.outOfRoot, [200, "out"])),
            .get("/w/f?x=../secret", expect: 403, nginx: .differs(.outOfRoot, [404])))
        DirectiveCase(
            "if, auth_basic_user_file: a file that a client chooses",
            server: """
                location = /e { if (-f {root}/in/$arg_x) { return 200 yes; } return 200 no; }
                location = /d { if (-f $document_root/../root/in/$arg_x) { return 200 yes; }
                    return 200 no; }
                location = /u { auth_basic r; auth_basic_user_file {root}/in/$arg_x; }
                """,
            files: ["in/f": "f", "users": "a:{PLAIN}b\n", "in/users": "a:{PLAIN}b\n", "u": "u"],
            .get("/e?x=f", expect: 200, "yes"), .get("/d?x=f", expect: 200, "yes"),
            .get(
                "/e?x=../users", expect: 200, "no",
                nginx: .differs(.outOfRoot, [200, "yes"])),
            .get("/u?x=users", ["Authorization: Basic YTpi"], expect: 200, "u"),
            .get(
                "/u?x=../users", ["Authorization: Basic YTpi"], expect: 403,
                nginx: .differs(.outOfRoot, [200, "u"])))
        DirectiveCase(
            "root: $realpath_root of odd paths",
            server: """
                location /plain { root {root}/d; return 200 "$realpath_root"; }
                location /slash { root {root}/d/; return 200 "$realpath_root"; }
                location /dots { root {root}/./d/../d/.; return 200 "$realpath_root"; }
                location /link { root {root}/link; return 200 "$realpath_root"; }
                location /chosen { root {root}/$arg_x; return 200 "$realpath_root"; }
                location /whole { root /; return 200 "$realpath_root"; }
                """,
            files: ["d/f": "f"], links: ["link": "d/./../d/"],
            .get("/plain", expect: 200, "{root}/d"), .get("/slash", expect: 200, "{root}/d"),
            .get("/dots", expect: 200, "{root}/d"), .get("/link", expect: 200, "{root}/d"),
            .get("/chosen?x=d/./.", expect: 200, "{root}/d"),
            .get("/chosen?x=link/", expect: 200, "{root}/d"),
            .get("/chosen?x=none/", expect: 200, ""),
            .get("/whole", expect: 200, "/"))
        DirectiveCase(
            "root: refers to itself", whole: Self.rootMadeOf("$document_root"),
            refuses: "the $document_root variable cannot be used in the \"root\" directive")
        DirectiveCase(
            "root: refers to itself through $realpath_root",
            whole: Self.rootMadeOf("${realpath_root}"),
            refuses: "the $realpath_root variable cannot be used in the \"root\" directive")
        DirectiveCase(
            "alias: refers to itself", server: "location /a { alias $document_root/a; }",
            refuses: "the $document_root variable cannot be used in the \"alias\" directive")
        DirectiveCase(
            "root: refers to the file's path, directly and through a map",
            declares: "map $document_root $state5 { default $request_filename; }",
            server: """
                location /f { root {root}$request_filename; }
                location /m { root {root}/$state5; }
                """,
            files: ["f": "f", "m": "m", "g": "g"],
            .get("/f", expect: 404), .get("/m", expect: 404), .get("/g", expect: 200, "g"))
        DirectiveCase(
            "error_page: a page under a status without content has no content",
            server: """
                location /no-content { error_page 404 =204 /f; }
                location /not-modified { error_page 404 =304 /f; }
                location /packed { error_page 404 =204 /f; }
                gzip on; gzip_min_length 1; gzip_types *;
                location /picture { error_page 404 =204 /gif; } location = /gif { empty_gif; }
                location /part { error_page 404 =206 /f; }
                """,
            files: ["f": "content"],
            .raw(
                "GET /no-content HTTP/1.1\r\nHost: a\r\n\r\nGET /f HTTP/1.1\r\nHost: a\r\n\r\n",
                expect: 204, .noField("Content-Length"), .noField("Content-Type")),
            .next(expect: 200, "content"),
            .raw(
                "GET /not-modified HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "GET /f HTTP/1.1\r\nHost: a\r\n\r\n", expect: 304),
            .next(expect: 200, "content"),
            .get("/packed", ["Accept-Encoding: gzip"], expect: 204),
            .same(.get("/f", expect: 200, "content")), .get("/picture", expect: 204),
            .same(.get("/f", expect: 200, "content")), .head("/no-content", expect: 204),
            .get("/part", expect: 206, .has("Last-Modified")))
        DirectiveCase(
            "map, set, location: names of variables in any case",
            declares: "map $URI $State6 { default $Uri; }",
            server: """
                location /map { return 200 "$state6 $STATE6 $Request_Method $HTTP_X $Arg_A"; }
                location /set { set $State6S a; return 200 "$sTATE6s"; }
                location ~ ^/cap/(?<State6N>.)$ { return 200 "$state6n $STATE6N"; }
                location /if { if ($REQUEST_METHOD = GET) { return 200 get; } return 200 other; }
                """,
            .get("/map?a=1", ["X: x"], expect: 200, "/map /map GET x 1"),
            .get("/set", expect: 200, "a"), .get("/cap/x", expect: 200, "x x"),
            .get("/if", expect: 200, "get"))
        DirectiveCase(
            "location: named groups of enclosing locations stay",
            server: """
                location ~ ^/o/(?<outer6>.)(.*)$ {
                    location ~ ^/o/x(?<inner6>.*)$ { return 200 "$outer6 $inner6 $1"; }
                    location ~ ^/o/n(?<middle6>.) {
                        location ~ z$ { return 200 "$outer6 $middle6"; }
                        return 200 "$outer6 $middle6 $1";
                    }
                    return 200 "$outer6 $1 $2";
                }
                """,
            .get("/o/xy", expect: 200, "x y y"), .get("/o/nmz", expect: 200, "n m"),
            .get("/o/nmn", expect: 200, "n m m"), .get("/o/ab", expect: 200, "a a b"))
        DirectiveCase(
            "set_real_ip_from: a client without a port",
            server: """
                set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;
                location / { return 200 "$remote_addr|$remote_port|$realip_remote_addr"; }
                """,
            .get("/", ["X-Real-IP: 192.0.2.1"], expect: 200, "192.0.2.1||127.0.0.1"),
            .get("/", ["X-Real-IP: 192.0.2.1:80"], expect: 200, "192.0.2.1|80|127.0.0.1"))
    }
}
