import Foundation
import Glibc
import Testing

@testable import Server

/// No client gets a cached response that was built for another one: for every variable and every
/// module, two clients differ in all that a client controls: host, query, headers, address, user
/// and method. What the second one gets is compared with the response to the same request for an
/// equal file, which the first one has never requested.
@Suite struct ResponseCacheIsolationTests {
    @Test func secondClientGetsResponsesOfItsOwn() throws {
        let server = try TestServer(configuration: Self.text, files: Self.files) { directory in
            for name in Array(Self.files.keys) + ["d", "e"] {
                try directory.setModified("\(directory.root)/\(name)", 1_700_000_000)
            }
            try "alice:{PLAIN}a\nbob:{PLAIN}b\n".write(
                toFile: directory.path + "/users", atomically: false, encoding: .utf8)
        }
        for subject in Self.subjects + [Self.site] {
            for second in Visitor.seconds { try check(subject, second, server) }
        }
    }

    private func check(_ subject: Subject, _ second: Visitor, _ server: TestServer) throws {
        let (path, other) = (subject.path("f"), subject.path("g"))
        var theirs: Response?
        for _ in 0..<4 { theirs = try Visitor.first.response(to: path, from: server, subject.port) }
        // A response may also be cached for the second client itself.
        let first = try second.response(to: other, from: server, subject.port)
        let expected = try second.response(to: other, from: server, subject.port)
        for _ in 0..<2 {
            let ours = try second.response(to: path, from: server, subject.port)
            if Self.seen(first, subject) == Self.seen(expected, subject) {
                #expect(
                    Self.seen(ours, subject) == Self.seen(expected, subject),
                    "\(subject.name), \(second.line(path))")
            } else if let theirs {
                #expect(
                    Self.seen(ours, subject) != Self.seen(theirs, subject),
                    "\(subject.name), \(second.line(path))")
            }
        }
    }

    /// Returns the parts of a response that are compared, without the names of the files.
    private static func seen(_ response: Response, _ subject: Subject) -> String {
        let fields = response.fields.filter {
            $0.name != "Date"
                && !(subject.isVolatile && ["X-Value", "Content-Length"].contains($0.name))
        }
        let lines = ["\(response.status)"] + fields.map { "\($0.name): \($0.value)" }
        let body = subject.isVolatile ? "" : response.text
        return (lines + response.trailers + [body]).joined(separator: "\n")
            .replacingOccurrences(of: "/g.txt", with: "/f.txt")
            .replacingOccurrences(of: "/e/", with: "/d/")
    }

    // MARK: the server

    private static let files: [String: Fixture] = [
        "f.txt": "a file", "g.txt": "a file", "d/f.txt": "a file", "h/f.txt": "b", "h/g.txt": "b",
        "e/f.txt": "a file",
        "alice": "alice",
        "bob": "bob", "alice.txt": "alice", "bob.txt": "bob",
    ]

    private static var text: String {
        TestServer.prelude()
            + """
            http {
                types { text/plain txt; }
                access_log off;
                variables_hash_bucket_size 128;
                limit_req_zone $arg_a zone=requests:1m rate=1r/m;
                limit_conn_zone $arg_a zone=connections:1m;
                map $arg_a $by_map { default -; alice 1; bob 2; }
                map $http_x_name $by_chain { default $by_map; }
                geo $by_geo { default 0; 127.0.0.2 2; }
                geo $arg_address $by_address { default 0; 10.0.0.0/8 10; }
                split_clients "$http_x_name" $by_split { 50% one; * two; }
                server {
                    listen 127.0.0.1:PORT;
                    root ROOT;
                    \(subjects.map(\.location).joined(separator: "\n"))
                }
                server {
                    listen 127.0.0.1:PORT2;
                    server_name ~^(?<site>[a-z]+)\\.example$;
                    location / { alias ROOT/; add_header X-Value $site; }
                }
            }

            """
    }

    /// A location whose responses may depend on the client.
    private struct Subject {
        let name: String
        let directives: String
        /// The request is for a directory.
        var isDirectory = false
        /// The end of the path of a directory.
        var end = "/"
        /// The value is a time or a count of the server, which may change between two requests.
        var isVolatile = false
        /// The number of the server's port.
        var port = 0

        var location: String {
            let alias = directives.hasPrefix("alias") ? "" : "alias ROOT/; "
            return "location /\(name)/ { \(alias)\(directives) }"
        }

        /// Returns the path of one of two names of the same content.
        func path(_ file: String) -> String {
            port > 0
                ? "/\(file).txt"
                : isDirectory ? "/\(name)/\(file == "f" ? "d" : "e")\(end)" : "/\(name)/\(file).txt"
        }
    }

    private static let variables: [Subject] =
        (VariableList.names + [
            "http_x_name", "http_user_agent", "http_cookie", "http_via", "http_referer", "arg_a",
            "cookie_name", "sent_http_x_first", "sent_http_etag", "sent_http_content_length",
            "sent_http_connection", "sent_trailer_x", "by_map", "by_chain", "by_geo", "by_address",
            "by_split",
        ]).sorted().map { name in
            var subject = Subject(
                name: name,
                directives: "add_header X-First $arg_a; add_header X-Value \"${\(name)}\";")
            if !["arg_a", "sent_http_x_first"].contains(name) {
                subject = Subject(
                    name: name, directives: "add_header X-Value \"${\(name)}\";")
            }
            subject.isVolatile =
                times.contains(name) || name.hasPrefix("connections_")
                || name.hasPrefix("tcpinfo_")
            return subject
        }

    /// Variables that are evaluated, but whose values are not compared.
    private static let times: Set<String> = [
        "msec", "time_local", "time_iso8601", "date_local", "date_gmt", "request_time",
        "connection_time",
    ]

    private static let modules: [Subject] =
        [
            ("allow", "allow 127.0.0.1; deny all;"),
            ("auth", "auth_basic $arg_a; auth_basic_user_file DIR/users;"),
            (
                "satisfy",
                "satisfy any; allow 127.0.0.2; deny all; auth_basic closed;"
                    + " auth_basic_user_file DIR/users;"
            ),
            ("requests", "limit_req zone=requests burst=1000 nodelay;"),
            ("connections", "limit_conn connections 10;"),
            ("limited", "limit_rate_after 1m; limit_rate $arg_rate;"),
            ("methods", "limit_except GET { deny all; }"),
            ("realip", "set_real_ip_from 127.0.0.0/8; real_ip_header X-Address; deny 10.0.0.2;"),
            ("if", "if ($arg_a = alice) { add_header X-Alice 1; return 200 alice; }"),
            ("set", "set $own $arg_a; add_header X-Value $own;"),
            ("rewrite", "rewrite ^ /alice.txt?x=$arg_a break;"),
            ("return", "return 200 $arg_a;"),
            ("redirect", "return 302 /?$arg_a;"),
            ("try", "try_files $arg_none /$arg_a =404;"),
            ("error", "error_page 404 /$arg_a.txt; try_files /none =404;"),
            ("root", "alias ROOT/$arg_d/;"),
            ("expires", "expires $by_map;"),
            ("trailer", "add_trailer X $arg_a;"),
            ("user", "userid on; userid_name name;"),
            ("links", "secure_link $arg_md5; secure_link_md5 $arg_a; add_header X $secure_link;"),
            ("referers", "valid_referers alice.example; add_header X $invalid_referer;"),
            ("charset", "charset $arg_charset;"),
            ("symlinks", "disable_symlinks on from=ROOT/$arg_d;"),
            ("added", "addition_types *; add_after_body /return/;"),
            ("browser", "keepalive_disable msie6;"),
            ("padding", "msie_padding on; try_files /none =404;"),
            ("refresh", "msie_refresh on; return 302 /x;"),
            (
                "gzip",
                "gzip on; gzip_min_length 1; gzip_types *; gzip_disable MSIE;"
                    + " gzip_proxied off; gzip_vary on;"
            ),
            ("plain", ""), ("status", "stub_status;"),
        ].map {
            Subject(name: "module-" + $0.0, directives: $0.1, isVolatile: $0.0 == "status")
        }

    private static let directories: [Subject] =
        [
            ("index", "index $arg_a f.txt;"), ("listing", "autoindex on; autoindex_sort on;"),
            ("jsonp", "autoindex on; autoindex_format jsonp;"), ("random", "random_index on;"),
        ].map { Subject(name: "directory-" + $0.0, directives: $0.1, isDirectory: true) }

    private static let redirect = Subject(
        name: "redirect", directives: "", isDirectory: true, end: "")

    private static let site = Subject(name: "server-name", directives: "", port: 1)

    private static var subjects: [Subject] { variables + modules + directories + [redirect] }
}

/// A client, with all that it controls.
private struct Visitor {
    let method: String
    let query: String
    /// The last byte of its address.
    let host: UInt8
    let fields: [String]

    static let first = Visitor(
        method: "GET",
        query: "a=alice&md5=x&d=.&rate=1m&charset=latin1&c=s&callback=a&address=10.1",
        host: 1,
        fields: [
            "Host: alice.example", "X-Name: alice", "X-Address: 10.0.0.1", "Cookie: name=alice",
            "Authorization: Basic YWxpY2U6YQ==", "Referer: http://alice.example/",
            "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0)",
        ])

    /// Clients that accept the same encodings as the first, so that they may share responses: one
    /// whose browser gzip_disable treats like the first one's, and one with another browser.
    static let seconds = [
        ("GET", "Mozilla/4.0 (compatible; MSIE 6.0; bob)"),
        ("HEAD", "Mozilla/4.0 (compatible; MSIE 6.0; bob)"), ("GET", "bob"), ("HEAD", "bob"),
    ].map { method, browser in
        Visitor(
            method: method,
            query: "a=bob&md5=y&d=h&rate=2m&charset=utf-8&c=m&callback=b&address=10.0.0.9",
            host: 2,
            fields: [
                "Host: bob.example", "X-Name: bob", "X-Address: 10.0.0.2", "Cookie: name=bob",
                "Authorization: Basic Ym9iOmI=", "Referer: http://bob.example/",
                "User-Agent: \(browser)",
            ])
    }

    func line(_ path: String) -> String { "\(method) \(path)?\(query)" }

    func response(to path: String, from server: TestServer, _ port: Int) throws -> Response {
        let client = try RawClient(.ipv4(server.ports[port]), from: host, of: server)
        try client.send(
            ([line(path) + " HTTP/1.1"] + fields).joined(separator: "\r\n") + "\r\n\r\n")
        return try client.response(to: method)
    }
}
