private func whole(_ main: String, events: String = "") -> String {
    """
    \(main)
    events { \(events) }
    http { access_log off; server { listen 127.0.0.1:{port}; root {root}; } }
    """
}

extension DirectiveGroup {
    /// Processes, and the language itself.
    static let main = DirectiveGroup("main") {
        DirectiveCase(
            "worker_processes, worker_rlimit_nofile, worker_shutdown_timeout: accepted",
            whole: whole(
                """
                worker_processes auto; worker_rlimit_nofile 4096; worker_shutdown_timeout 5s;
                """),
            files: ["f": "f"], .get("/f", expect: 200))
        DirectiveCase(
            "events, worker_connections, use, multi_accept, accept_mutex, accept_mutex_delay: on",
            whole: whole(
                "",
                events: """
                    worker_connections 300; use epoll; multi_accept on; accept_mutex off;
                    accept_mutex_delay 100ms;
                    """),
            files: ["f": "f"], .get("/f", expect: 200))
        DirectiveCase(
            "lock_file, pcre_jit, timer_resolution: accepted",
            whole: whole("lock_file {dir}/lock; pcre_jit on; timer_resolution 100ms;"),
            files: ["f": "f"], .get("/f", expect: 200))
        DirectiveCase(
            "sandbox, sandbox_read, worker_watchdog: accepted",
            whole: whole("sandbox on; sandbox_read {root}; worker_watchdog 30s;"),
            files: ["f": "f"], nginx: .ownAddition, .get("/f", expect: 200),
            .get("/none", expect: 404))
        DirectiveCase(
            "sandbox_read: other files cannot be read",
            whole: whole("sandbox_read {dir}/none;"),
            files: ["f": "f"], nginx: .ownAddition, .get("/f", expect: 403))
        DirectiveCase(
            "sandbox: neither", whole: whole("sandbox perhaps;"),
            refuses: "invalid value \"perhaps\" in \"sandbox\" directive", nginxSays: nil,
            nginx: .ownAddition)
        DirectiveCase(
            "worker_watchdog: too short", whole: whole("worker_watchdog 10s;"),
            refuses: "\"worker_watchdog\" must be \"off\" or at least 30s", nginxSays: nil,
            nginx: .ownAddition)
        DirectiveCase(
            "load_module: accepted", whole: whole("load_module modules/ngx_http_none_module.so;"),
            files: ["f": "f"], nginx: .ownAddition, .get("/f", expect: 200))
        DirectiveCase(
            "master_process: off", whole: whole("master_process off;"), files: ["f": "f"],
            .get("/f", expect: 200))
        DirectiveCase(
            "daemon: twice", whole: whole("daemon off;"),
            refuses: "\"daemon\" directive is duplicate")
        DirectiveCase(
            "pid: twice", whole: whole("pid {dir}/p;"), refuses: "\"pid\" directive is duplicate")
        DirectiveCase(
            "user: three arguments", whole: whole("user a b c;"),
            refuses: "invalid number of arguments in \"user\" directive")
        DirectiveCase(
            "worker_processes: zero", whole: whole("worker_processes 0;"),
            refuses: "invalid value", nginxSays: nil, nginx: .ownAddition)
        DirectiveCase(
            "worker_processes: no number", whole: whole("worker_processes many;"),
            refuses: "invalid", nginxSays: "invalid")
        DirectiveCase(
            "use: an unknown method", whole: whole("", events: "use magic;"),
            refuses: "invalid event type \"magic\"")
        DirectiveCase(
            "events: missing", whole: "http { }", refuses: "no \"events\" section in configuration")
        DirectiveCase(
            "http: twice", whole: "events { } http { } http { }",
            refuses: "\"http\" directive is duplicate")
        DirectiveCase(
            "include: files, globs, and globs that match nothing",
            server: """
                include {root}/snippets/*.conf; include {root}/none/*.conf;
                location /x/ { include {root}/type; }
                """,
            files: [
                "snippets/1.conf": "location /a/ { default_type x/a; }",
                "snippets/2.conf": "location /b/ { default_type x/b; }",
                "type": "default_type x/x;", "a/f": "1", "b/f": "2", "x/f": "3",
            ],
            .get("/a/f", expect: 200, .field("Content-Type", "x/a")),
            .get("/b/f", expect: 200, .field("Content-Type", "x/b")),
            .get("/x/f", expect: 200, .field("Content-Type", "x/x")))
        DirectiveCase(
            "include: a file that is missing", server: "include {root}/none.conf;",
            refuses: "none.conf\" failed (2: No such file or directory)")
        DirectiveCase(
            "include: an unknown directive", server: "rout {root};",
            refuses: "unknown directive \"rout\"")
        DirectiveCase(
            "include: a directive in the wrong place", server: "worker_processes 1;",
            refuses: "\"worker_processes\" directive is not allowed here")
        DirectiveCase(
            "include: a missing semicolon", server: "location / { etag off }",
            refuses: "\";\" is missing here", nginxSays: "unexpected \"}\"")
        DirectiveCase(
            "include: an unknown flag", server: "etag maybe;",
            refuses: "invalid value \"maybe\" in \"etag\" directive, it must be \"on\" or \"off\"")
        DirectiveCase(
            "include: quotes, comments and escapes",
            server: """
                # a comment ; with { } in it
                location "/a b/" { default_type 'x/\\'q\\''; } # behind
                location /c { default_type "x/\\"c\\""; }
                """,
            files: ["a b/f": "1", "c": "2"],
            .get("/a%20b/f", expect: 200, .field("Content-Type", "x/'q'")),
            .get("/c", expect: 200, .field("Content-Type", "x/\"c\"")))
        DirectiveCase(
            "variables_hash_max_size, variables_hash_bucket_size: accepted",
            http: "variables_hash_max_size 2048; variables_hash_bucket_size 128;",
            files: ["f": "f"], .get("/f", expect: 200))
        DirectiveCase(
            "proxy_temp_path, fastcgi_temp_path, uwsgi_temp_path, scgi_temp_path: accepted",
            server: """
                proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f 1 2; uwsgi_temp_path {dir}/u;
                scgi_temp_path {dir}/s;
                """,
            files: ["f": "f"], .get("/f", expect: 200))
        DirectiveCase(
            "http, server, location: the stock configuration's shape",
            whole: """
                worker_processes auto;
                events { worker_connections 768; }
                http {
                    sendfile on; tcp_nopush on; types_hash_max_size 2048;
                    include /etc/nginx/mime.types; default_type application/octet-stream;
                    log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                        '$status $body_bytes_sent "$http_referer" '
                        '"$http_user_agent" "$http_x_forwarded_for"';
                    access_log {dir}/access.log main;
                    keepalive_timeout 65;
                    gzip on;
                    server {
                        listen {port}; listen [::]:{port};
                        server_name localhost;
                        location / { root {root}; index index.html index.htm; }
                    }
                }
                """,
            files: ["index.html": "home", "app.js": "js"],
            .get("/", expect: 200, "home"), .get("/app.js", expect: 200, "js"),
            .get("/none", expect: 404))
    }
}
