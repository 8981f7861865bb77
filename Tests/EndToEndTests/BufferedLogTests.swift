import Foundation
import Glibc
import Testing

/// access_log with buffer=, flush= and gzip, and the format json.
@Suite struct BufferedLogTests {
    private func text(_ server: TestServer) -> String { server.log("own.log") }

    @Test func fullBufferIsWritten() throws {
        let server = try TestServer(
            "access_log DIR/access.log; access_log DIR/own.log uri buffer=100;",
            http: "log_format uri '$uri';", files: ["a": "x"])
        for number in 0..<10 { _ = try server.fetch("/\(number)/456789") }
        try waitFor("the unbuffered lines") { server.accessLog.split(separator: "\n").count == 10 }
        // Lines of ten bytes: ten fill the buffer, and none is written before the eleventh.
        #expect(text(server) == "")
        _ = try server.fetch("/a")
        try waitFor("the buffer") {
            self.text(server) == (0..<10).map { "/\($0)/456789\n" }.joined()
        }
        _ = try server.fetch("/" + String(repeating: "l", count: 200))
        try waitFor("a line that is longer than the buffer") {
            self.text(server).hasSuffix("/a\n/" + String(repeating: "l", count: 200) + "\n")
        }
    }

    @Test func bufferIsFlushedAfterTimeout() throws {
        let server = try TestServer(
            "access_log DIR/own.log uri buffer=64k flush=300ms;",
            http: "log_format uri '$uri';", files: ["a": "x"])
        let start = Date()
        _ = try server.fetch("/a")
        try waitFor("the line") { self.text(server) == "/a\n" }
        #expect(Date().timeIntervalSince(start) >= 0.29)
        _ = try server.fetch("/b")
        try waitFor("the next") { self.text(server) == "/a\n/b\n" }
    }

    @Test(arguments: [SIGTERM, SIGQUIT, SIGINT])
    func exitingWorkerFlushesBuffer(signal: Int32) throws {
        let server = try TestServer(
            "access_log DIR/access.log; access_log DIR/own.log uri buffer=64k;",
            http: "log_format uri '$uri';", files: ["a": "x"])
        _ = try server.fetch("/a")
        try server.waitForAccess("GET /a ")
        #expect(text(server) == "")
        try server.end(by: signal)
        #expect(text(server) == "/a\n")
    }

    @Test func reopenFlushesBufferIntoOldFile() throws {
        let server = try TestServer(
            "access_log DIR/own.log uri buffer=64k; location /quiet { access_log off; }",
            http: "log_format uri '$uri';", files: ["a": "x"])
        let client = try server.connect()
        // The line of a request is logged before the next request gets its response.
        for target in ["/before", "/quiet"] {
            try client.request("GET \(target) HTTP/1.1")
            _ = try client.response()
        }
        client.close()
        let log = server.directory.path + "/own.log"
        #expect(unsafe rename(log, log + ".1") == 0)
        server.process.signal(SIGUSR1)
        try waitFor("the old file") { server.log("own.log.1") == "/before\n" }
        _ = try server.fetch("/after")
        try server.end(by: SIGTERM)
        #expect(text(server) == "/after\n")
    }

    @Test func gzipLogConsistsOfMembers() throws {
        let server = try TestServer(
            "access_log DIR/own.log.gz uri gzip=9 buffer=1k flush=200ms;",
            http: "log_format uri '$uri';", files: ["a": "x"])
        let expected = (0..<300).map { "/line/\($0)\n" }.joined()
        let client = try server.connect()
        for number in 0..<300 {
            try client.request("GET /line/\(number) HTTP/1.1")
            _ = try client.response()
        }
        let log = server.directory.path + "/own.log.gz"
        try waitFor("all members") {
            guard let bytes = try? readBytes(log), !bytes.isEmpty else { return false }
            return (try? gunzip(bytes)) == Array(expected.utf8)
        }
        // More than one buffer of 1k.
        #expect(try readBytes(log).split(separator: [0x1F, 0x8B, 8]).count >= 3)
        #expect(try run("gunzip", ["-t", log]).succeeded)
    }

    @Test func logNamesStayInTheirDirectory() throws {
        let server = try TestServer(
            "access_log DIR/root/logs/$arg_x uri;", http: "log_format uri '$uri';",
            files: ["logs/keep": "x"])
        unsafe chmod(server.directory.root, 0o777)
        unsafe chmod(server.directory.root + "/logs", 0o777)
        _ = try server.fetch("/one?x=../../out")
        _ = try server.fetch("/two?x=in")
        try waitFor("the log") { (try? readText(server.directory.root + "/logs/in")) == "/two\n" }
        if Product.isApus {
            try server.waitForError("is not allowed: a variable changes its directory")
        }
    }

    @Test func requestIDIsConstantWithinRequest() throws {
        let server = try TestServer(
            "access_log DIR/own.log id; access_log DIR/other.log id;",
            http: "log_format id '$request_id $request_id';", files: ["a": "x"])
        for _ in 0..<3 { _ = try server.fetch("/a") }
        let texts = try ["own.log", "other.log"].map { name in
            try server.waitForLog(name, "3 lines") { $0.components(separatedBy: "\n").count == 4 }
        }
        let lines = texts[0].split(separator: "\n")
        #expect(texts[0] == texts[1])
        #expect(Set(lines).count == 3)
        for line in lines {
            let pattern = "^([0-9a-f]{32}) \\1$"
            #expect(line.range(of: pattern, options: .regularExpression) != nil, "\(line)")
        }
    }
}

/// The format `json`: log pipelines get valid JSON for any request.
@Suite(.enabled(if: Product.isApus)) struct JSONLogTests {
    private func objects(_ count: Int, of server: TestServer) throws -> [[String: Any]] {
        let path = server.directory.path + "/own.log"
        try waitFor("\(count) lines") {
            guard let bytes = try? readBytes(path) else { return false }
            return bytes.count { $0 == 0x0A } >= count
        }
        return try readBytes(path).split(separator: 0x0A).map {
            try #require(try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
        }
    }

    @Test func jsonFormatHasExpectedMembers() throws {
        let server = try TestServer("access_log DIR/own.log json;", files: ["a": "hello"])
        _ = try server.fetch("/a?q=1", ["Referer: http://r.test/", "User-Agent: Bird/1"])
        let object = try objects(1, of: server)[0]
        let texts: [String: String] = [
            "remote_addr": "127.0.0.1", "remote_user": "", "method": "GET", "host": "localhost",
            "uri": "/a?q=1", "protocol": "HTTP/1.1", "referer": "http://r.test/",
            "user_agent": "Bird/1",
        ]
        for (name, value) in texts { #expect(object[name] as? String == value, "\(name)") }
        #expect(object["status"] as? Int == 200 && object["body_bytes_sent"] as? Int == 5)
        #expect(try #require(object["request_time"] as? Double) >= 0)
        #expect((object["request_id"] as? String)?.utf8.count == 32)
        let time = try #require(object["time"] as? String)
        #expect(ISO8601DateFormatter().date(from: time) != nil)
        #expect(object.count == 13)
    }

    @Test func hostileBytesProduceValidJSON() throws {
        let server = try TestServer("access_log DIR/own.log json;", files: ["a": "hello"])
        var heads: [[UInt8]] = []
        for byte in UInt8.min...UInt8.max where ![0, 10, 13].contains(byte) {
            heads.append(
                Array("GET /a HTTP/1.1\r\nHost: x\r\nUser-Agent: a".utf8) + [byte, 0x22, byte]
                    + Array("\r\n\r\n".utf8))
        }
        heads.append(Array("GET /\u{0} \"x\\ HTTP/9.9\r\n\r\n".utf8))
        heads.append([0x16, 3, 1, 0xFF, 0xFE, 0x22, 13, 10, 13, 10])
        heads.append(Array("GET /\"\\%22%5c%ff%00 HTTP/1.1\r\nHost: \"\r\n\r\n".utf8))
        heads.append(Array("GET /half".utf8) + [0xC3])
        for head in heads {
            let client = try server.connect()
            try client.send(head)
            client.closeWriting()
            _ = try? client.readToEnd()
        }
        _ = try objects(heads.count, of: server)
    }

    @Test func jsonLineIsNeverTruncated() throws {
        let server = try TestServer(
            """
            large_client_header_buffers 8 64k; access_log DIR/own.log json;
            """, files: ["a": "hello"])
        let long = [UInt8](repeating: 0xFF, count: 60_000)
        let client = try server.connect()
        try client.send(
            Array("GET /a HTTP/1.1\r\nHost: x\r\nReferer: ".utf8) + long
                + Array("\r\nUser-Agent: ".utf8) + long + Array("\r\n\r\n".utf8))
        #expect(try client.response().status == 200)
        let object = try objects(1, of: server)[0]
        #expect((object["user_agent"] as? String)?.unicodeScalars.count == 60_000)
        // The next line is short again.
        _ = try server.fetch("/a")
        #expect(try objects(2, of: server)[1]["user_agent"] as? String == "")
    }
}
