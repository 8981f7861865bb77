import Foundation
import Testing

@testable import Server

/// No part of a client's request reaches another client, whatever the result of the first request:
/// every variable, in every directive that accepts one, after every kind of earlier request. The
/// first clients say "poison" wherever they can, and debug builds fill scratch memory with
/// "~stale~" when it passes to another request.
@Suite struct StateIsolationTests {
    @Test func variablesHaveNoValueOfEarlierRequest() throws {
        let server = try IsolationServer()
        for (row, first) in FirstRequest.all.enumerated() {
            for (column, second) in SecondRequest.all.enumerated() {
                // Every second request follows a quarter of the first ones on their connection.
                try server.sendRequest(first, then: second, pipelined: (row + column) % 4 == 0)
            }
        }
        try server.finish()
    }
}

/// One worker with two servers: clients that say "poison" use the first, the others the second.
private struct IsolationServer {
    private static let names =
        VariableList.names + [
            "http_x_poison", "http_cookie", "http_user_agent", "http_referer", "http_via",
            "arg_poison", "cookie_poison", "sent_http_x_poison", "sent_http_set_cookie",
            "sent_http_location", "sent_http_etag", "sent_http_last_modified",
            "sent_http_content_type", "sent_http_content_length", "sent_http_content_range",
            "sent_http_cache_control", "sent_http_connection", "sent_http_www_authenticate",
            "sent_trailer_x_poison", "captured", "assigned",
        ]

    /// Variables that may be computed from the text that they occur in.
    private static let recursive: Set<String> = [
        "document_root", "realpath_root", "request_filename", "secure_link", "secure_link_expires",
    ]

    /// Returns every variable of some names, separated by bars.
    private static func text(of names: [String]) -> String {
        names.map { "${\($0)}" }.joined(separator: "|")
    }

    /// The configuration, with ALL for every variable, MAPPABLE for all except the map's own, and
    /// PATHS for those that a path can contain.
    private static var text: String {
        configuration
            .replacingOccurrences(of: "MAPPABLE", with: text(of: names))
            .replacingOccurrences(of: "ALL", with: text(of: names + ["mapped"]))
            .replacingOccurrences(
                of: "PATHS", with: text(of: names.filter { !recursive.contains($0) }))
    }

    private let server: TestServer

    init() throws {
        server = try TestServer(configuration: Self.text, files: Self.files) { directory in
            // The password is "poison"; the hash is slow, so that the helper process checks it.
            let hash = "$6$salt$" + Self.slowHash
            try "poison:\(hash)\n".write(
                toFile: directory.path + "/users", atomically: false, encoding: .utf8)
        }
    }

    private static let slowHash =
        "cn2ngv0of9IlVlp5JNelGNHNO/oenX5tAoLoFK0boM76MLrUwl5jsCMEJRh3tVtJcetmhOuxo9cdX7uXr5la40"

    private static let files: [String: Fixture] = [
        "poison.txt": "poison", "poison/index.html": "poison", "poison/list/poison": "poison",
        "poison.txt.gz": "poison", "plain.txt": "plain", "plain/index.html": "plain",
        "refused.txt": "refused",
    ]

    private static let configuration =
        TestServer.prelude(main: "error_log DIR/first.log info;")
            + """
            http {
                log_format all '$remote_port ALL';
                map "MAPPABLE" $mapped { default ok; "~*(poison|stale)" "leak-$1"; }
                map $uri $charset { default utf-8; ~poison poison; }
                default_type text/plain;
                large_client_header_buffers 2 1k;
                client_max_body_size 1k;
                variables_hash_bucket_size 128;
                server {
                    listen 127.0.0.1:PORT default_server;
                    server_name ~^(?<captured>.*)\\.first\\.test$ _;
                    root ROOT;
                    error_log DIR/first.log debug;
                    access_log DIR/first-access.log all;
                    add_header X-Poison $arg_poison always;
                    add_header Set-Cookie poison=$arg_poison always;
                    add_trailer X-Poison $arg_poison;
                    gzip on; gzip_min_length 1; gzip_static on; gzip_types text/plain;
                    charset $charset;
                    location /poison/list/ { autoindex on; }
                    location /text { return 200 "$arg_poison"; }
                    location /away { return 302 /poison?$args; }
                    location /drop { return 444; }
                    location ~ ^/(poison-captured)/(.*)$ {
                        set $assigned $1;
                        rewrite ^ /poison.txt last;
                    }
                    location /error { error_page 404 /poison.txt; }
                    location /closed {
                        auth_basic poison; auth_basic_user_file DIR/users; alias ROOT/;
                    }
                    location /added { addition_types *; add_after_body /poison.txt; alias ROOT/; }
                    location /linked { secure_link $arg_poison; secure_link_md5 poison;
                        return 200 "$secure_link"; }
                    location /slow { limit_rate 1; alias ROOT/; }
                }
                server {
                    listen 127.0.0.1:PORT;
                    listen 127.0.0.1:PORT2 default_server;
                    server_name second.test;
                    root ROOT;
                    error_log DIR/second.log debug;
                    access_log DIR/second-access.log all;
                    access_log DIR/second-if.log all if=$mapped;
                    error_page 400 405 413 414 494 501 505 =200 "/refused?ALL|$1|$2";
                    add_header X-All "ALL|$1|$2" always;
                    add_trailer X-All "ALL|$1|$2";
                    location /plain { }
                    location /refused { return 200 "ALL|$1|$2"; }
                    location /text { return 200 "ALL|$1|$2"; }
                    location /text-404 { return 404 "ALL|$1|$2"; }
                    location /away { return 302 "/x?ALL|$1|$2"; }
                    location /set { set $assigned "ALL|$1|$2"; return 200 "$assigned"; }
                    location /rewrite { rewrite ^ "/refused?ALL|$1|$2" last; }
                    location /redirect { rewrite ^ "/x?ALL|$1|$2" redirect; }
                    location /if {
                        set $assigned "ALL|$1|$2";
                        if ($assigned ~* "(poison|stale)") { return 200 "leak $1"; }
                        return 200 ok;
                    }
                    location /map { return 200 "$mapped"; }
                    location /root { root "/nonexistent/PATHS|$1|$2"; }
                    location /alias/ { alias "/nonexistent/PATHS/"; }
                    location /try { try_files "/ALL|$1|$2" "/refused?ALL|$1|$2"; }
                    location /plain/index/ { index "ALL|$1|$2"; alias ROOT/plain/; }
                    location /error { error_page 404 "/refused?ALL|$1|$2"; }
                    location /named { error_page 404 @named; }
                    location @named { return 200 "ALL|$1|$2"; }
                    location /closed {
                        auth_basic "ALL|$1|$2"; auth_basic_user_file "/nonexistent/ALL|$1|$2";
                    }
                    location /linked { secure_link "PATHS|$1|$2"; secure_link_md5 "PATHS|$1|$2";
                        return 200 "$secure_link $secure_link_expires"; }
                    location /expires { expires $mapped; alias ROOT/; }
                    location /charset { charset $mapped; alias ROOT/; }
                    location /drop { return 444; }
                }
            }
            """

    /// Sends both requests on connections of their own, the second one split in two around the
    /// first, and if `pipelined` both in one piece on the same connection.
    func sendRequest(_ first: FirstRequest, then second: SecondRequest, pipelined: Bool) throws {
        let cut = second.text.utf8.count / 2
        let (begin, end) = (second.text.utf8.prefix(cut), second.text.utf8.dropFirst(cut))
        let secondClient = try RawClient(.ipv4(server.ports[1]), of: server)
        try secondClient.send(Array(begin))
        let firstClient = try server.connect()
        try firstClient.send(first.text)
        if !first.stalls { _ = try? firstClient.response(to: first.method) }
        try secondClient.send(Array(end))
        if second.isAbandoned { secondClient.closeWriting() }
        try check(secondClient.readToEnd(), first, second)

        guard pipelined, first.keepsAlive, second.choosesServer else { return }
        let client = try server.connect()
        try client.send(first.text + second.text)
        #expect(throws: Never.self, "\(first.text)") {
            _ = try client.response(to: first.method)
        }
        try check(client.readToEnd(), first, second)
    }

    private func check(_ bytes: [UInt8], _ first: FirstRequest, _ second: SecondRequest) throws {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        if !second.isAbandoned, !second.isDropped {
            #expect(text.hasPrefix("http/1.1 "), "\(first.text) then \(second.text): \(text)")
        }
        #expect(
            !text.contains("poison") && !text.contains("stale"),
            "\(first.text)\nthen\n\(second.text)\n\(text)")
    }

    /// Stops the server and searches the log lines of the second server.
    func finish() throws {
        try server.end()
        for name in ["second.log", "second-access.log", "second-if.log"] {
            let log = server.log(name)
            #expect(!log.isEmpty)
            let leak = log.split(separator: "\n").first { line in
                let line = line.lowercased()
                return line.contains("poison") || line.contains("stale")
            }
            #expect(leak == nil, "\(name)")
        }
    }
}

/// The requests of a client that says "poison".
private struct FirstRequest {
    let text: String
    var method: String { text.hasPrefix("HEAD") ? "HEAD" : "GET" }
    /// True if the connection stays open after the response.
    let keepsAlive: Bool
    /// True if the response takes time.
    let stalls: Bool

    private init(
        _ line: String, _ fields: [String] = [], body: String = "", keepsAlive: Bool = true,
        stalls: Bool = false
    ) {
        let common = [
            "Host: poison.first.test", "Cookie: poison=poison", "User-Agent: poison",
            "Referer: http://poison/", "X-Poison: poison", "Via: poison",
        ]
        text = ([line] + common + fields).joined(separator: "\r\n") + "\r\n\r\n" + body
        self.keepsAlive = keepsAlive
        self.stalls = stalls
    }

    private init(raw: String) {
        text = raw
        keepsAlive = false
        stalls = false
    }

    private static func get(_ target: String, _ fields: String...) -> FirstRequest {
        FirstRequest("GET \(target) HTTP/1.1", fields)
    }

    static let all: [FirstRequest] = [
        get("/poison.txt?poison=poison"), get("/poison.txt", "Accept-Encoding: gzip"),
        get("/poison?poison"), get("/poison/"), get("/poison/list/"), get("/nothing-poison"),
        get("/poison.txt", "Range: bytes=1-2"), get("/poison.txt", "Range: bytes=0-0,2-3"),
        get("/poison.txt", "Range: bytes=90-"), get("/poison.txt", "If-Match: \"poison\""),
        get("/poison.txt", "If-None-Match: *"), FirstRequest("HEAD /poison.txt HTTP/1.1"),
        FirstRequest(
            "POST /poison.txt?poison=poison HTTP/1.1", ["Content-Length: 6"], body: "poison"),
        FirstRequest(
            "POST /poison HTTP/1.1", ["Transfer-Encoding: chunked"],
            body: "6\r\npoison\r\n0\r\nX-Poison: poison\r\n\r\n"),
        FirstRequest("TRACE /poison.txt HTTP/1.1", keepsAlive: false),
        FirstRequest("POST /poison HTTP/1.1", ["Content-Length: 2000"], keepsAlive: false),
        get("/text?poison=poison"), get("/away?poison=poison"),
        FirstRequest("GET /drop?poison HTTP/1.1", keepsAlive: false),
        get("/poison-captured/poison?poison"), get("/error/poison"),
        get("/closed/poison.txt"), get("/closed/poison.txt", "Authorization: Basic cG9pc29uOng="),
        get("/closed/poison.txt", "Authorization: Basic cG9pc29uOnBvaXNvbg=="),
        get("/added/poison.txt"), get("/linked?poison=poison,9"),
        FirstRequest("GET /slow/poison.txt HTTP/1.1", keepsAlive: false, stalls: true),
        FirstRequest(
            "GET /closed/poison.txt HTTP/1.1", ["Authorization: Basic cG9pc29uOnNsb3c="],
            keepsAlive: false, stalls: true),
        FirstRequest(raw: "GET /poison HTTP/1.1\r\nHost: poison/\r\n\r\n"),
        FirstRequest(raw: "GET /poison HTTP/1.1\r\nPoison: poison\r\n\r\n"),
        FirstRequest(raw: "GET /%zzpoison HTTP/1.1\r\nHost: poison\r\n\r\n"),
        FirstRequest(raw: "poison\r\n\r\n"),
        FirstRequest(raw: "GET /" + String(repeating: "poison", count: 200) + " HTTP/1.1\r\n"),
        FirstRequest(
            raw: "GET /poison HTTP/1.1\r\nHost: poison\r\nPoison: "
                + String(repeating: "poison", count: 200) + "\r\n"),
    ]
}

/// The requests of another client afterwards.
private struct SecondRequest {
    let text: String
    /// True if the client closes the connection within the header.
    var isAbandoned = false
    var isDropped: Bool { text.contains("/drop") }
    /// True if the host selects the server, on whatever address the request arrives.
    var choosesServer = false

    private static func line(_ line: String, _ fields: String...) -> SecondRequest {
        let all = [line, "Host: second.test"] + fields + ["Connection: close"]
        return SecondRequest(
            text: all.joined(separator: "\r\n") + "\r\n\r\n", choosesServer: true)
    }

    private static func get(_ target: String) -> SecondRequest { line("GET \(target) HTTP/1.1") }

    static let all: [SecondRequest] = [
        get("/plain.txt"), get("/plain"), get("/plain/"), get("/missing"), get("/text"),
        get("/text-404"), get("/away"), get("/set"), get("/rewrite"), get("/redirect"), get("/if"),
        get("/map"), get("/root/x"), get("/alias/x"), get("/try"), get("/plain/index/"),
        get("/error/x"), get("/named/x"), get("/closed"), get("/linked"), get("/expires/plain.txt"),
        get("/charset/plain.txt"), get("/drop"), line("TRACE / HTTP/1.1"),
        line("POST / HTTP/1.1", "Content-Length: 2000"),
        line("GET / HTTP/1.1", "Content-Length: x"),
        line("GET / HTTP/1.1", "A: " + String(repeating: "a", count: 1100)),
        line("GET / HTTP/1.1", "Transfer-Encoding: other"),
        SecondRequest(text: "GET / HTTP/1.1\r\n\r\n"),
        SecondRequest(text: "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        SecondRequest(text: "GET /%zz HTTP/1.1\r\nHost: second.test\r\n\r\n"),
        SecondRequest(text: "GET / HTTP/3.0\r\nHost: second.test\r\n\r\n"),
        SecondRequest(text: "get / HTTP/1.1\r\nHost: second.test\r\n\r\n"),
        SecondRequest(text: "GET /" + String(repeating: "a", count: 1100) + " HTTP/1.1\r\n\r\n"),
        SecondRequest(text: "GET / HT", isAbandoned: true),
        SecondRequest(text: "GET / HTTP/1.1\r\nHost: second.test\r\n", isAbandoned: true),
    ]
}
