private func long(_ count: Int) -> String { String(repeating: "x", count: count) }

extension DirectiveGroup {
    /// Request headers.
    static let heads = DirectiveGroup("heads") {
        DirectiveCase(
            "client_max_body_size: by Content-Length and by chunks",
            server: """
                client_max_body_size 10; location /any/ { client_max_body_size 0; }
                location /k/ { client_max_body_size 1k; }
                """,
            files: ["f": "f", "any/f": "f", "k/f": "f"],
            .post("/f", long(10), expect: 405, .keeps),
            .post("/f", long(11), expect: 413, .closes),
            .post("/any/f", long(5000), expect: 405), .post("/k/f", long(1024), expect: 405),
            .post("/k/f", long(1025), expect: 413),
            .get("/f", ["Content-Length: 11"], expect: 413),
            .raw(
                "POST /f HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "b\r\nxxxxxxxxxxx\r\n0\r\n\r\n", expect: 405),
            .raw(
                "GET /f HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nxxx\r\n0\r\n\r\n", expect: 200, "f"))
        DirectiveCase(
            "client_max_body_size: no size", server: "client_max_body_size lots;",
            refuses: "invalid size \"lots\"",
            nginxSays: "\"client_max_body_size\" directive invalid value")
        DirectiveCase(
            "client_header_buffer_size, large_client_header_buffers: too large",
            server: "client_header_buffer_size 1k; large_client_header_buffers 2 2k;",
            files: ["f": "f"],
            .get("/f", ["X-A: " + long(1900)], expect: 200, "f"),
            .get("/f", ["X-A: " + long(3000)], expect: 400),
            .get(
                "/f", ["X-A: " + long(1900), "X-B: " + long(1900), "X-C: " + long(1900)],
                expect: 400),
            .get("/f?" + long(1900), expect: 200, "f"),
            .get("/f?" + long(3000), expect: 414, .closes))
        DirectiveCase(
            "large_client_header_buffers: one argument", server: "large_client_header_buffers 4;",
            refuses: "invalid number of arguments")
        DirectiveCase(
            "max_headers: a few", server: "max_headers 3;", files: ["f": "f"],
            nginx: .since("1.29.0"),
            .get("/f", ["A: 1", "B: 2"], expect: 200),
            .get(
                "/f", ["A: 1", "B: 2", "C: 3"],
                expect: 400))
        DirectiveCase(
            "ignore_invalid_headers: on and off",
            servers: """
                server { listen 127.0.0.1:{port}; root {root}; }
                server { listen 127.0.0.1:{port2}; root {root}; ignore_invalid_headers off; }
                """,
            files: ["f": "f"],
            .get("/f", ["X@Y: 1"], expect: 200), .get("/f", ["X@Y: 1"], expect: 200, port: 2),
            .get("/f", ["X.Y: 1"], expect: 200), .get("/f", ["Range.: bytes=0-0"], expect: 200))
        DirectiveCase(
            "underscores_in_headers: on and off",
            servers: """
                server { listen 127.0.0.1:{port}; root {root}; }
                server { listen 127.0.0.1:{port2}; root {root}; underscores_in_headers on; }
                """,
            files: ["f": "f"],
            .get("/f", ["If_None_Match: *"], expect: 200),
            .get("/f", ["X_Y: 1"], expect: 200, port: 2))
        DirectiveCase(
            "merge_slashes: on and off",
            servers: """
                server { listen 127.0.0.1:{port}; root {root};
                    location /a/b { default_type x/ab; } }
                server { listen 127.0.0.1:{port2}; root {root}; merge_slashes off;
                    location /a/b { default_type x/ab; } location //c { default_type x/c; } }
                """,
            files: ["a/b": "b", "c": "c", "d/x": "x"],
            .get("//a///b", expect: 200, .field("Content-Type", "x/ab")),
            .get("/a//b", expect: 200, .field("Content-Type", "text/plain"), port: 2),
            .get("//c", expect: 200, .field("Content-Type", "x/c"), port: 2),
            .get("//d", expect: 301, .location("http://localhost:{port2}//d/"), port: 2),
            .get("/d//", expect: 403, port: 2))
        DirectiveCase(
            "strict_requests: on", server: "strict_requests on;", files: ["f": "f"],
            nginx: .ownAddition,
            .get("/f", expect: 200), .get("/f#x", expect: 400),
            .method("BREW", "/f", expect: 501), .method("OPTIONS", "/f", expect: 204),
            .get("/f", ["X@Y: 1"], expect: 400))
        DirectiveCase(
            "client_body_buffer_size, client_body_temp_path: accepted",
            server: "client_body_buffer_size 8k;", files: ["f": "f"],
            .post("/f", long(20_000), expect: 405))
        DirectiveCase(
            "connection_pool_size, request_pool_size: accepted",
            server: "connection_pool_size 512; request_pool_size 4k;", files: ["f": "f"],
            .get("/f", expect: 200))
        DirectiveCase(
            "strict_requests: off accepts what nginx accepts", files: ["f": "f", "d/x": "x"],
            .raw("GET  /f HTTP/1.1\r\nHost: x\r\n\r\n", expect: 200),
            .raw("GET /f HTTP/1.1\nHost: x\n\n", expect: 200),
            .raw("GET /f HTTP/1.1\r\nHost: x\r\nnocolon\r\n\r\n", expect: 200),
            .raw("\r\nGET /f HTTP/1.1\r\nHost: x\r\n\r\n", expect: 200),
            .raw("get /f HTTP/1.1\r\nHost: x\r\n\r\n", expect: 400),
            .raw("BREW /f HTTP/1.1\r\nHost: x\r\n\r\n", expect: 405),
            .raw("GET f HTTP/1.1\r\nHost: x\r\n\r\n", expect: 400),
            .raw("GET /f HTTP/2.0\r\nHost: x\r\n\r\n", expect: 505),
            .raw("GET /f HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", expect: 400),
            .raw("GET /f HTTP/1.1\r\nHost: a b\r\n\r\n", expect: 400),
            .raw(
                "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", expect: 405,
                nginx: .before("1.29.0", [400])))
    }
}
