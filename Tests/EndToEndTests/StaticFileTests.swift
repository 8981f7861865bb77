import Foundation
import Testing

/// Responses to GET and HEAD of files, directories and missing names.
@Suite struct StaticFileTests {
    @Test(arguments: ["GET", "HEAD"])
    func fileHasExpectedHeaders(method: String) throws {
        let server = try TestServer(files: ["a.txt": "hello, swift"])
        let response = try server.fetch("/a.txt", method: method)
        #expect(response.version == "HTTP/1.1")
        #expect(response.status == 200)
        #expect(response.reason == "OK")
        #expect(response["Content-Type"] == "text/plain")
        #expect(response["Content-Length"] == "12")
        #expect(response["Last-Modified"] == TemporaryDirectory.modifiedText)
        #expect(response["ETag"] == TemporaryDirectory.entityTag(size: 12))
        #expect(response["Accept-Ranges"] == "bytes")
        #expect(response["Connection"] == "close")
        #expect(response["Server"]?.hasPrefix(Product.name + "/") == true)
        #expect(response.text == (method == "GET" ? "hello, swift" : ""))
    }

    @Test func dateIsCurrent() throws {
        let server = try TestServer(files: ["a.txt": "x"])
        let text = try #require(try server.fetch("/a.txt")["Date"])
        let reader = DateFormatter()
        reader.locale = Locale(identifier: "en_US_POSIX")
        reader.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        reader.timeZone = TimeZone(identifier: "GMT")
        let date = try #require(reader.date(from: text))
        #expect(abs(date.timeIntervalSinceNow) < 60)
        #expect(reader.string(from: date) == text)
    }

    @Test func headHasNoBodyOnKeepAlive() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("HEAD /a.txt HTTP/1.1")
        #expect(try client.response(to: "HEAD")["Content-Length"] == "5")
        try client.request("GET /a.txt HTTP/1.1")
        #expect(try client.response().text == "hello")
        try client.request("HEAD /none HTTP/1.1")
        #expect(try client.response(to: "HEAD").status == 404)
        try client.request("GET /a.txt HTTP/1.1")
        #expect(try client.response().text == "hello")
    }

    @Test(arguments: [
        ("/page.html", "text/html"), ("/style.css", "text/css"),
        ("/code.js", "application/javascript"), ("/PICTURE.PNG", "image/png"),
        ("/archive.tar.json", "application/json"), ("/noextension", "text/x-unknown"),
        ("/strange.xyz", "text/x-unknown"), ("/directory.css/file", "text/x-unknown"),
        ("/.html", "text/x-unknown"), ("/dot.", "text/x-unknown"),
    ])
    func typeDependsOnExtension(target: String, type: String) throws {
        let server = try TestServer(
            "default_type text/x-unknown;", files: [String(target.dropFirst()): "x"])
        #expect(try server.fetch(target)["Content-Type"] == type)
    }

    @Test func locationReplacesTypes() throws {
        let server = try TestServer(
            """
            location /raw/ { types { } default_type application/octet-stream; }
            location /own/ { types { text/x-own txt; } }
            """, files: ["raw/a.txt": "x", "own/a.txt": "x", "own/a.css": "x"])
        #expect(try server.fetch("/raw/a.txt")["Content-Type"] == "application/octet-stream")
        #expect(try server.fetch("/own/a.txt")["Content-Type"] == "text/x-own")
        #expect(try server.fetch("/own/a.css")["Content-Type"] == "text/plain")
    }

    @Test func defaultTypeIsTextPlain() throws {
        let server = try TestServer(files: ["a.unknown": "x"])
        #expect(try server.fetch("/a.unknown")["Content-Type"] == "text/plain")
    }

    @Test func includeIsRelativeToConfiguration() throws {
        let configuration =
            TestServer.prelude() + """
                http {
                    include own.types;
                    server { listen 127.0.0.1:PORT; root ROOT; }
                }
                """
        let server = try TestServer(configuration: configuration, files: ["a.swift": "x"]) {
            try "types { text/x-swift swift; }".write(
                toFile: $0.path + "/own.types", atomically: false, encoding: .utf8)
        }
        #expect(try server.fetch("/a.swift")["Content-Type"] == "text/x-swift")
    }

    @Test func emptyFileIsServed() throws {
        let server = try TestServer(files: ["empty.txt": ""])
        let client = try server.connect()
        for _ in 0..<2 {
            try client.request("GET /empty.txt HTTP/1.1")
            let response = try client.response()
            #expect(response.status == 200)
            #expect(response["Content-Length"] == "0")
            #expect(response["ETag"] == TemporaryDirectory.entityTag(size: 0))
        }
    }

    @Test func directoryServesIndex() throws {
        let server = try TestServer(
            "index first.html index.html; location /own/ { index own.txt; }",
            files: [
                "index.html": "root", "both/first.html": "first", "both/index.html": "second",
                "own/own.txt": "own",
            ])
        #expect(try server.fetch("/").text == "root")
        #expect(try server.fetch("/")["Content-Type"] == "text/html")
        #expect(try server.fetch("/both/").text == "first")
        #expect(try server.fetch("/own/").text == "own")
    }

    @Test func indexIsInternalRedirect() throws {
        let server = try TestServer(
            "location = /index.html { alias ROOT/other.txt; }",
            files: ["index.html": "plain", "other.txt": "redirected"])
        #expect(try server.fetch("/").text == "redirected")
    }

    @Test func absoluteIndexIsTriedLast() throws {
        let server = try TestServer(
            "index index.html /fallback.txt;", files: ["fallback.txt": "fallback", "empty/": ""])
        #expect(try server.fetch("/empty/").text == "fallback")
    }

    @Test func directoryWithoutSlashIsRedirected() throws {
        let server = try TestServer(files: ["docs/index.html": "x", "with space/a": "x"])
        let response = try server.fetch("/docs")
        #expect(response.status == 301)
        #expect(response.reason == "Moved Permanently")
        #expect(response["Location"] == "http://localhost:\(server.port)/docs/")
        let query = try server.fetch("/docs?a=b&c")
        #expect(query["Location"] == "http://localhost:\(server.port)/docs/?a=b&c")
        let escaped = try server.fetch("/with%20space")
        #expect(escaped["Location"] == "http://localhost:\(server.port)/with%20space/")
    }

    @Test func redirectUsesRequestHost() throws {
        let server = try TestServer("server_name a.test b.test;", files: ["docs/a": "x"])
        let client = try server.connect()
        try client.send("GET /docs HTTP/1.1\r\nHost: B.test:1234\r\n\r\n")
        #expect(try client.response()["Location"] == "http://b.test:\(server.port)/docs/")
        try client.send("GET /docs HTTP/1.0\r\n\r\n")
        #expect(
            try client.response()["Location"] == "http://127.0.0.1:\(server.port)/docs/")
    }

    @Test(arguments: [
        ("/none", 404, "Not Found"), ("/none/", 404, "Not Found"),
        ("/a.txt/", 404, "Not Found"), ("/a.txt/b", 404, "Not Found"),
        ("/empty/", 403, "Forbidden"),
    ])
    func missingFileIs404(target: String, status: Int, reason: String) throws {
        let server = try TestServer(files: ["a.txt": "x", "empty/": ""])
        let response = try server.fetch(target)
        #expect(response.status == status)
        #expect(response.reason == reason)
        #expect(response["Content-Type"] == "text/html")
        #expect(response.text.contains("\(status)"))
        #expect(response["ETag"] == nil)
        #expect(response["Last-Modified"] == nil)
    }

    @Test func unreadableFileIs403() throws {
        guard Product.isRoot else { return }  // Only then is the worker another user.
        let server = try TestServer(files: ["secret.txt": "x"])
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: server.directory.root + "/secret.txt")
        #expect(try server.fetch("/secret.txt").status == 403)
        try server.waitForError("Permission denied")
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    func otherMethodsAre405(method: String) throws {
        let server = try TestServer(files: ["a.txt": "x"])
        let response = try server.fetch("/a.txt", ["Content-Length: 0"], method: method)
        #expect(response.status == 405)
        #expect(response.reason == "Not Allowed")
        if Product.isApus {
            let allowed = response["Allow"]?.components(separatedBy: ", ").sorted()
            #expect(allowed == ["GET", "HEAD"])
        }
    }

    @Test func missingRootIsLoggedAndIs404() throws {
        let server = try TestServer("location /gone/ { root DIR/nowhere; }", files: ["a.txt": "x"])
        #expect(try server.fetch("/gone/a.txt").status == 404)
        #expect(try server.fetch("/a.txt").status == 200)
        try server.waitForError("nowhere")
    }

    @Test func relativeRootIsBelowPrefix() throws {
        let server = try TestServer("location / { root root/inner; }", files: ["inner/a": "in"])
        #expect(try server.fetch("/a").text == "in")
    }

    @Test func namesWithSpecialCharactersAreServed() throws {
        let names = ["sp ace.txt", "per%cent.txt", "plus+.txt", "ünï.txt", "q?mark.txt", "h#sh"]
        var files: [String: Fixture] = [:]
        for name in names { files[name] = .text(name) }
        let server = try TestServer(files: files)
        for name in names {
            let escaped = name.utf8.map { String(format: "%%%02x", $0) }.joined()
            #expect(try server.fetch("/" + escaped).text == name)
        }
        // A plus is a plus in a path, and non-ASCII bytes may be unescaped.
        #expect(try server.fetch("/plus+.txt").text == "plus+.txt")
        #expect(try server.fetch("/ünï.txt").text == "ünï.txt")
        #expect(try server.fetch("/plus+.txt?a=1#b").text == "plus+.txt")
    }
}
