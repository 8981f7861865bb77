import Foundation
import Glibc
import Testing

/// Log lines about requests and about the server.
@Suite struct LogTests {
    @Test func combinedFormatIsNginxs() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        _ = try server.fetch("/a.txt?q=1", ["Referer: http://r.test/", "User-Agent: Bird/1 \"x\""])
        _ = try server.fetch("/none", method: "HEAD")
        let lines = try waitForLines(2, of: server)
        let pattern = #"""
            ^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] \#
            "GET /a\.txt\?q=1 HTTP/1\.1" 200 5 "http://r\.test/" "Bird/1 \\x22x\\x22"$
            """#
        #expect(lines[0].range(of: pattern, options: .regularExpression) != nil, "\(lines[0])")
        #expect(lines[1].contains("\"HEAD /none HTTP/1.1\" 404 0 \"-\" \"-\""))
    }

    @Test func customFormatIsApplied() throws {
        let server = try TestServer(
            "access_log DIR/own.log own;",
            http: """
                log_format own '$request_method|$uri|$args|$status|$body_bytes_sent|$bytes_sent|'
                    '$host|$server_port|$server_protocol|$scheme|$http_x_own|$sent_http_etag|'
                    '$remote_addr|$request_uri|$connection_requests|$request_length|end';
                """, files: ["a b.txt": "hello"])
        let client = try server.connect()
        let head = "GET /x/../a%20b.txt?q=1 HTTP/1.1\r\nHost: Own.test\r\nX-Own: mine\r\n\r\n"
        try client.send(head)
        _ = try client.response()
        try client.send(head)
        _ = try client.response()
        let text = try server.waitForLog("own.log", "two lines") {
            $0.components(separatedBy: "|end\n").count == 3
        }
        for (number, line) in text.split(separator: "\n").enumerated() {
            let words = line.split(separator: "|", omittingEmptySubsequences: false)
            try #require(words.count == 17)
            #expect(words[0..<5] == ["GET", "/a b.txt", "q=1", "200", "5"])
            #expect(try #require(Int(words[5])) > 100)
            #expect(words[6..<11] == ["own.test", "\(server.port)", "HTTP/1.1", "http", "mine"])
            #expect(
                words[11] == TemporaryDirectory.entityTag(size: 5).replacing("\"", with: "\\x22"))
            #expect(words[12] == "127.0.0.1")
            #expect(words[13] == "/x/../a%20b.txt?q=1")
            #expect(words[14] == "\(number + 1)")
            #expect(words[15] == "\(head.utf8.count)")
        }
    }

    @Test func logValuesAreEscaped() throws {
        let server = try TestServer(
            "access_log DIR/own.log json; access_log DIR/none.log none;",
            http: """
                log_format json escape=json '"$http_x_own"';
                log_format none escape=none '"$http_x_own"';
                """, files: ["a": "x"])
        _ = try server.fetch("/a", ["X-Own: q\"uote\\slash\ttab"])
        let json = try server.waitForLog("own.log", "a line") { $0.hasSuffix("\n") }
        #expect(json == "\"q\\\"uote\\\\slash\\ttab\"\n")
        let none = try server.waitForLog("none.log", "a line") { $0.hasSuffix("\n") }
        #expect(none == "\"q\"uote\\slash\ttab\"\n")
    }

    @Test func accessLogOffAndInheritance() throws {
        let server = try TestServer(
            """
            location /off/ { access_log off; }
            location /own/ { access_log DIR/own.log; access_log DIR/own2.log; }
            """, files: ["off/a": "x", "own/a": "x", "a": "x"])
        for target in ["/off/a", "/own/a", "/a"] { _ = try server.fetch(target) }
        let lines = try waitForLines(1, of: server)
        #expect(lines.count == 1 && lines[0].contains("GET /a "))
        for name in ["own.log", "own2.log"] {
            let own = try server.waitForLog(name, "a line") { $0.hasSuffix("\n") }
            #expect(own.contains("GET /own/a "))
        }
    }

    @Test func badRequestsAndDisconnectsAreLogged() throws {
        let server = try TestServer(files: ["a": "x"])
        let bad = try server.connect()
        try bad.send("GET /a b HTTP/1.1\r\n\r\n")
        #expect(try bad.response().status == 400)
        let silent = try server.connect()
        try silent.send("GET /half")
        silent.closeWriting()
        _ = try silent.readToEnd()
        let lines = try waitForLines(2, of: server)
        #expect(lines.contains { $0.contains("\"GET /a b HTTP/1.1\" 400 ") })
        #expect(lines.contains { $0.contains("\"GET /half\" 400 0 ") })
    }

    @Test func abortedDownloadLogsSentBytes() throws {
        let server = try TestServer(files: ["big": .pattern(30_000_000)])
        let client = try server.connect(receiveBuffer: 4096)
        try client.request("GET /big HTTP/1.1")
        try client.awaitBytes(1000)
        client.reset()
        let line = try waitForLines(1, of: server)[0]
        // The status had been sent; the number is that of the sent bytes.
        let words = line.components(separatedBy: "\" ")[1].split(separator: " ")
        #expect(words[0] == "200")
        #expect(try #require(Int(words[1])) < 30_000_000)
    }

    @Test func logsMayGoToStandardStreams() throws {
        let server = try TestServer(
            "access_log /dev/stdout; error_log stderr info;", files: ["a": "x"])
        _ = try server.fetch("/a")
        _ = try server.fetch("/none")
        try waitFor("lines on standard output") {
            server.process.output.contains("GET /none HTTP/1.1\" 404")
        }
        #expect(server.process.output.contains("GET /a HTTP/1.1\" 200"))
        try waitFor("a line on standard error") {
            server.process.errorOutput.contains("No such file")
        }
    }

    @Test func errorLogHasNginxFormat() throws {
        let server = try TestServer(files: ["a": "x"])
        _ = try server.fetch("/none?x", ["Referer: http://r.test/"])
        let log = try server.waitForLog("error.log", "the line") { $0.contains("/none") }
        let line = try #require(log.split(separator: "\n").first { $0.contains("/none") })
        let pattern = #"""
            ^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[error\] \d+#\d+: \*\d+ open\(\) "\#

            """#
        #expect(line.range(of: pattern, options: .regularExpression) != nil, "\(line)")
        #expect(
            line.contains("\(server.directory.root)/none\" failed (2: No such file or directory)"))
        #expect(line.contains(", client: 127.0.0.1, server: , request: \"GET /none?x HTTP/1.1\""))
        #expect(line.contains(", host: \"localhost\", referrer: \"http://r.test/\""))
    }

    @Test(arguments: [("info", true), ("error", true), ("crit", false), ("emerg", false)])
    func errorLogLevelsAreApplied(level: String, isWritten: Bool) throws {
        let server = try TestServer("error_log DIR/own.log \(level);", files: ["a": "x"])
        _ = try server.fetch("/none")
        // The access log line is written after that of the error log.
        _ = try waitForLines(1, of: server)
        #expect(server.log("own.log").contains("No such file") == isWritten)
    }

    @Test func logNotFoundOffHidesMissingFiles() throws {
        let server = try TestServer("log_not_found off;", files: ["a": "x"])
        _ = try server.fetch("/none")
        _ = try waitForLines(1, of: server)
        #expect(!server.errorLog.contains("No such file"))
    }

    @Test(arguments: ["signal", "command"])
    func reopenMovesToNewFile(by way: String) throws {
        let server = try TestServer(workers: 2, files: ["a": "x"])
        _ = try server.fetch("/a?before")
        _ = try waitForLines(1, of: server)
        let log = server.directory.path + "/access.log"
        #expect(unsafe rename(log, log + ".1") == 0)
        if way == "signal" {
            server.process.signal(SIGUSR1)
        } else {
            let words = TestServer.commandLine(server.directory) + ["-s", "reopen"]
            #expect(try run(Product.binary, words).succeeded)
        }
        try waitFor("the new log") { unsafe access(log, F_OK) == 0 }
        // A worker of nginx that has not reopened yet may write to the old file: repeat until the
        // new file gets all lines.
        var asked = 0
        try waitFor("lines in the new log only") {
            let old = server.log("access.log.1")
            for _ in 0..<10 { _ = try server.fetch("/a?after") }
            asked += 10
            try waitFor("ten more lines") {
                let both = server.log("access.log.1") + server.accessLog
                return both.components(separatedBy: "?after").count == asked + 1
            }
            return server.log("access.log.1") == old
        }
        #expect(server.log("access.log.1").contains("?before"))
        #expect(!server.accessLog.contains("?before"))
    }

    @Test func noLineIsLostOrSplit() throws {
        let server = try TestServer(
            "keepalive_requests 100000;", workers: 2, files: ["a": "x"])
        let clients = try (0..<4).map { _ in try server.connect() }
        let request = "GET /a?0123456789 HTTP/1.1\r\nHost: x\r\n\r\n"
        for client in clients { try client.send(String(repeating: request, count: 500)) }
        for client in clients { for _ in 0..<500 { _ = try client.response() } }
        let lines = try waitForLines(2000, of: server)
        #expect(lines.allSatisfy { $0.hasPrefix("127.0.0.1 - - [") && $0.hasSuffix("\"-\" \"-\"") })
    }

    // MARK: helpers

    private func waitForLines(
        _ count: Int, of server: TestServer, _ location: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        let text = try server.waitForLog("access.log", "\(count) lines", location) {
            $0.split(separator: "\n").count >= count && $0.hasSuffix("\n")
        }
        return text.split(separator: "\n").map(String.init)
    }
}
