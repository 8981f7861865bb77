extension DirectiveGroup {
    /// Configurations that load or are refused, and settings without a table of their own.
    static let loading = DirectiveGroup("loading") {
        DirectiveCase(
            "alias: in a named location", server: "location @a { alias {root}/x; }",
            refuses: "the \"alias\" directive cannot be used inside the named location")
        DirectiveCase(
            "charset: more than a variable", server: "charset $uri$uri;",
            refuses: "unknown \"uri$uri\" variable")
        DirectiveCase(
            "charset, source_charset: a variable in braces", server: "source_charset ${uri};",
            refuses: "unknown \"{uri}\" variable")
        DirectiveCase(
            "charset: a dollar sign within a name", server: "charset a$nope;",
            files: ["f.html": "page"],
            .get("/f.html", expect: 200, .field("Content-Type", "text/html; charset=a$nope")))
        DirectiveCase(
            "empty_gif: twice", server: "location / { empty_gif; empty_gif; }",
            .get("/", expect: 200, .field("Content-Type", "image/gif")))
        DirectiveCase(
            "resolver, proxy_set_header, open_file_cache, upstream: accepted without effect",
            declares: "upstream {port}.test { server 127.0.0.1:1; keepalive 8; }",
            server: """
                resolver 127.0.0.1 valid=5s; resolver_timeout 1s;
                proxy_set_header Host $host; proxy_buffering off; fastcgi_param A b;
                open_file_cache max=10; open_file_cache_errors on; directio 4m; aio off;
                ssi off; gzip_buffers 4 8k; msie_padding off; postpone_output 0;
                """,
            files: ["a.txt": "text"],
            .get("/a.txt", expect: 200, "text"), .head("/a.txt", expect: 200, .empty))
        DirectiveCase(
            "aio, thread_pool: the same responses",
            http: "aio threads;", main: "thread_pool slow threads=4 max_queue=100;",
            server: """
                sendfile on; location /own/ { aio threads=slow; } location /off/ { aio off; }
                location /default/ { aio threads=default; sendfile off; }
                """,
            files: [
                "a.txt": "text", "own/a.txt": .text(String(repeating: "own", count: 40_000)),
                "off/a.txt": "off", "default/a.txt": .text(String(repeating: "d", count: 90_000)),
            ],
            .get("/a.txt", expect: 200, "text"), .head("/a.txt", expect: 200, .empty),
            .get("/own/a.txt", expect: 200, .field("Content-Length", "120000")),
            .get("/own/a.txt", ["Range: bytes=70000-70002"], expect: 206, .body("wno")),
            .get("/off/a.txt", expect: 200, "off"),
            .get("/default/a.txt", expect: 200, .field("Content-Length", "90000")))
        DirectiveCase(
            "aio: an undeclared pool", server: "aio threads=none;",
            refuses: "unknown thread pool \"none\"", nginxSays: "unknown thread pool \"none\"")
        DirectiveCase(
            "aio: an invalid argument", server: "aio sometimes;",
            refuses: "invalid value \"sometimes\"", nginxSays: "invalid value")
        DirectiveCase(
            "thread_pool: twice", main: "thread_pool a threads=1; thread_pool a threads=1;",
            refuses: "duplicate thread pool \"a\"", nginxSays: "duplicate thread pool \"a\"")
        DirectiveCase(
            "thread_pool: no threads", main: "thread_pool a max_queue=3;",
            refuses: "must have \"threads\" parameter",
            nginxSays: "must have \"threads\" parameter")
        DirectiveCase(
            "thread_pool: invalid numbers", main: "thread_pool a threads=many;",
            refuses: "invalid threads value \"threads=many\"", nginxSays: "invalid threads value")
        DirectiveCase(
            "listen: a range of ports",
            servers: """
                server { listen 127.0.0.1:{port}-{port} so_keepalive=on rcvbuf=64k; root {root}; }
                server { listen 127.0.0.1:{port2} default fastopen=3 sndbuf=64k backlog=9;
                    root {root}; }
                """,
            files: ["a.txt": "text"], .get("/a.txt", expect: 200, "text"),
            .get("/a.txt", expect: 200, "text", port: 2))
        DirectiveCase(
            "listen: http2 has no effect for other clients",
            servers: "server { listen 127.0.0.1:{port} http2; root {root}; }",
            files: ["a.txt": "text"],
            // nginx before 1.25 accepts only HTTP/2 on such a port.
            nginx: .since("1.25.1"), .get("/a.txt", expect: 200, "text"))
        DirectiveCase(
            "listen: the port of TLS is refused",
            servers: "server { listen 127.0.0.1:{port} ssl; }",
            refuses: "the \"ssl\" parameter is refused", nginx: .ownAddition)
        DirectiveCase(
            "proxy_pass: refused", server: "location / { proxy_pass http://127.0.0.1:1; }",
            refuses: "\"proxy_pass\" directive is refused: apus compresses with gzip only",
            nginx: .ownAddition)
        DirectiveCase(
            "listen: an option twice",
            servers: """
                server { listen 127.0.0.1:{port} backlog=9; }
                server { listen 127.0.0.1:{port} rcvbuf=8k; }
                """,
            refuses: "duplicate listen options for 127.0.0.1:")
        DirectiveCase(
            "listen: two defaults",
            servers: """
                server { listen 127.0.0.1:{port} default_server; }
                server { listen 127.0.0.1:{port} default_server; }
                """,
            refuses: "a duplicate default server for 127.0.0.1:")
        DirectiveCase(
            "listen: an address twice", server: "listen 127.0.0.1:{port};",
            refuses: "a duplicate listen 127.0.0.1:")
        DirectiveCase(
            "listen: an invalid number", server: "listen 127.0.0.1:{port2} backlog=0;",
            refuses: "invalid backlog \"backlog=0\"")
        DirectiveCase(
            "listen: an unknown parameter", server: "listen 127.0.0.1:{port2} fast;",
            refuses: "invalid parameter \"fast\"")
    }

    /// Directives in the default configurations of distributions.
    static let stock = DirectiveGroup("stock") {
        DirectiveCase(
            "try_files, error_page, internal: as in default configurations",
            server: """
                index index.html index.htm;
                error_page 500 502 503 504 /50x.html;
                error_page 404 /404.html;
                location = /50x.html { }
                location = /404.html { internal; }
                location /fail { return 503; }
                location /strict/ { try_files $uri $uri/ =404; }
                location /spa/ { try_files $uri $uri/ /spa/index.html; }
                """,
            files: [
                "50x.html": "sorry", "404.html": "none", "spa/index.html": "app", "spa/a": "a",
                "strict/a": "b", "strict/d/index.html": "i",
            ],
            .get("/fail", expect: 503, "sorry"), .get("/nothing", expect: 404, "none"),
            .get("/404.html", expect: 404, "none"), .get("/50x.html", expect: 200, "sorry"),
            .get("/strict/a", expect: 200, "b"), .get("/strict/x", expect: 404, "none"),
            .get("/strict/d/", expect: 200, "i"), .get("/spa/a", expect: 200, "a"),
            .get("/spa/deep/link", expect: 200, "app"))
        DirectiveCase(
            "limit_except, recursive_error_pages, uninitialized_variable_warn: accepted",
            server: """
                uninitialized_variable_warn off;
                location /l/ { limit_except GET POST { } }
                location /r/ { recursive_error_pages on; error_page 404 /s/none; }
                location /s/ { error_page 404 =200 /l/a; }
                location /u { set $later{port} x; return 200 "[$later{port}]"; }
                """,
            files: ["l/a": "a"],
            .get("/l/a", expect: 200, "a"), .get("/r/x", expect: 200, "a"),
            .get("/u", expect: 200, "[x]"))
    }

    /// Settings of processes; each case needs its own server.
    static let processes = DirectiveGroup("processes") {
        DirectiveCase(
            "worker_priority, worker_rlimit_core, working_directory, worker_cpu_affinity: set",
            main: """
                worker_priority 1; worker_rlimit_core 1m; working_directory /tmp;
                worker_cpu_affinity auto; env PATH;
                """,
            files: ["a.txt": "text"], .get("/a.txt", expect: 200, "text"))
        DirectiveCase(
            "multi_accept: on",
            whole: """
                worker_processes 1;
                events { multi_accept on; use epoll; accept_mutex on; }
                http {
                    access_log off; client_body_temp_path {dir}/t; proxy_temp_path {dir}/t;
                    fastcgi_temp_path {dir}/t; uwsgi_temp_path {dir}/t; scgi_temp_path {dir}/t;
                    server { listen 127.0.0.1:{port}; root {root}; }
                }
                """,
            files: ["a.txt": "text"], .get("/a.txt", expect: 200, "text"))
        DirectiveCase(
            "worker_priority: no number", main: "worker_priority x;",
            refuses: "invalid number", nginxSays: "invalid number")
        DirectiveCase(
            "worker_cpu_affinity: no mask", main: "worker_cpu_affinity 012;",
            refuses: "invalid character \"2\" in \"worker_cpu_affinity\"")
    }

    /// Settings of requests and redirects.
    static let requests = DirectiveGroup("requests") {
        DirectiveCase(
            "max_headers: one too many", server: "max_headers 3;", files: ["a.txt": "text"],
            nginx: .since("1.29.7"),
            .get("/a.txt", ["A: 1", "B: 2"], expect: 200),
            .get("/a.txt", ["A: 1", "B: 2", "C: 3"], expect: 400))
        DirectiveCase(
            "server_tokens: off", server: "server_tokens off;", files: ["a.txt": "text"],
            .get("/none", expect: 404, .bodyLacks("apus/")))
        DirectiveCase(
            "underscores_in_headers: on and off",
            declares: "log_format u{port} '$http_a_b';",
            servers: """
                server { listen 127.0.0.1:{port}; root {root}; access_log {dir}/off u{port}; }
                server { listen 127.0.0.1:{port2}; root {root}; access_log {dir}/on u{port};
                    underscores_in_headers on; }
                """,
            files: ["a.txt": "text"],
            .get("/a.txt", ["a_b: x"], expect: 200, .logs("off", "-")),
            .get("/a.txt", ["a_b: x"], expect: 200, .logs("on", "x"), port: 2))
        DirectiveCase(
            "autoindex_localtime: off is UTC",
            server: "autoindex on; autoindex_localtime off;", files: ["a.txt": "text"],
            nginx: .ownAddition, .get("/", expect: 200, .bodyContains("a.txt")))
        DirectiveCase(
            "port_in_redirect: a directory without its slash",
            server: """
                location /named { server_name_in_redirect on; }
                location /bare { port_in_redirect off; }
                server_name name.test;
                """,
            files: ["named/a": "", "bare/a": "", "plain/a": ""],
            .get("/plain", expect: 301, .location("http://localhost:{port}/plain/")),
            .get("/bare", expect: 301, .location("http://localhost/bare/")),
            .get("/named", expect: 301, .location("http://name.test:{port}/named/")))
    }
}
