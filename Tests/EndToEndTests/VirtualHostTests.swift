import Foundation
import Testing

/// Selection of a server: by the address of the connection, then by name.
@Suite struct VirtualHostTests {
    private static let servers =
        TestServer.prelude() + """
            http {
                server { listen 127.0.0.1:PORT; server_name first.test; root ROOT/first; }
                server {
                    listen 127.0.0.1:PORT;
                    server_name exact.test www.exact.test;
                    root ROOT/exact;
                }
                server { listen 127.0.0.1:PORT; server_name *.star.test; root ROOT/star; }
                server { listen 127.0.0.1:PORT; server_name *.deep.star.test; root ROOT/deep; }
                server { listen 127.0.0.1:PORT; server_name .both.test; root ROOT/both; }
                server { listen 127.0.0.1:PORT; server_name tail.*; root ROOT/tail; }
                server {
                    listen 127.0.0.1:PORT2 default_server;
                    listen 127.0.0.1:PORT;
                    server_name other.test "";
                    root ROOT/other;
                }
                server { listen 127.0.0.1:PORT2; server_name two.test; root ROOT/two; }
            }
            """
    private static let names =
        ["first", "exact", "star", "deep", "both", "tail", "other", "two"]
    private static let files = Dictionary(
        uniqueKeysWithValues: names.map { ("\($0)/a", Fixture.text($0)) })

    @Test(arguments: [
        ("first.test", "first"), ("unknown.test", "first"), ("exact.test", "exact"),
        ("EXACT.Test", "exact"), ("exact.test:9999", "exact"), ("exact.test.", "exact"),
        ("www.exact.test", "exact"), ("mail.exact.test", "first"), ("a.star.test", "star"),
        ("a.b.star.test", "star"), ("star.test", "first"), ("a.deep.star.test", "deep"),
        ("both.test", "both"), ("a.both.test", "both"), ("aboth.test", "first"),
        ("tail.org", "tail"), ("tail.co.uk", "tail"), ("x.tail.org", "first"),
        ("other.test", "other"), ("127.0.0.1", "first"), ("[::1]", "first"),
    ])
    func serverIsSelectedByName(host: String, name: String) throws {
        let server = try TestServer(configuration: Self.servers, files: Self.files)
        let client = try server.connect()
        try client.send("GET /a HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(try client.response().text == name)
    }

    @Test func defaultServerOfAddress() throws {
        let server = try TestServer(configuration: Self.servers, files: Self.files)
        let client = try RawClient(.ipv4(server.ports[1]), of: server)
        try client.send("GET /a HTTP/1.1\r\nHost: unknown.test\r\n\r\n")
        #expect(try client.response().text == "other")
        try client.send("GET /a HTTP/1.1\r\nHost: two.test\r\n\r\n")
        #expect(try client.response().text == "two")
        // A server on another address is not selected.
        try client.send("GET /a HTTP/1.1\r\nHost: first.test\r\n\r\n")
        #expect(try client.response().text == "other")
        // A request without Host has the empty name.
        let old = try server.connect()
        try old.send("GET /a HTTP/1.0\r\n\r\n")
        #expect(try old.response().text == "other")
    }

    @Test func eachRequestSelectsItsServer() throws {
        let server = try TestServer(configuration: Self.servers, files: Self.files)
        let client = try server.connect()
        for (host, name) in [("exact.test", "exact"), ("x.star.test", "star"), ("no", "first")] {
            try client.send("GET /a HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            #expect(try client.response().text == name)
        }
    }

    @Test func unixSocketIsServed() throws {
        let server = try TestServer("listen unix:DIR/a.sock;", files: ["a": "hello"])
        let path = server.directory.path + "/a.sock"
        let client = try RawClient(.unix(path), of: server)
        try client.request("GET /a HTTP/1.1")
        #expect(try client.response().text == "hello")
        try server.waitForAccess("unix: - - [")
        server.process.signal(SIGTERM)
        _ = try server.process.waitForExit()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func bothAddressFamiliesAreServed() throws {
        let server = try TestServer(
            "listen [::1]:PORT; listen [::1]:PORT2 ipv6only=on backlog=64;", files: ["a": "hello"])
        for port in server.ports[0...1] {
            let client = try RawClient(.ipv6(port), of: server)
            try client.send("GET /a HTTP/1.1\r\nHost: [::1]:\(port)\r\n\r\n")
            #expect(try client.response().text == "hello")
        }
        try server.waitForAccess("::1 - - [", times: 2)
    }

    @Test func wildcardAddressIsServed() throws {
        let server = try TestServer(
            "listen *:PORT2; listen [::]:PORT3 ipv6only=off;", files: ["a": "hello"])
        for port in server.ports[1...2] {
            let client = try RawClient(.ipv4(port), of: server)
            try client.request("GET /a HTTP/1.1")
            #expect(try client.response().text == "hello")
        }
        let six = try RawClient(.ipv6(server.ports[2]), of: server)
        try six.request("GET /a HTTP/1.1")
        #expect(try six.response().text == "hello")
        // A mapped address is logged in the kernel's form.
        try server.waitForAccess("::ffff:127.0.0.1 - - [")
    }

    @Test func reuseportIsServed() throws {
        let server = try TestServer(
            "listen 127.0.0.1:PORT2 reuseport;", workers: 2, files: ["a": "hello"])
        for _ in 0..<20 {
            let client = try RawClient(.ipv4(server.ports[1]), of: server)
            try client.request("GET /a HTTP/1.1")
            #expect(try client.response().text == "hello")
        }
    }
}
