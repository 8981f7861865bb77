import Foundation
import Glibc
import Testing

/// Limits across workers, across a reload, and over time. Delays are checked to be long enough, not
/// to be short.
@Suite(.serialized) struct LimitTests {
    /// More than the kernel's buffers hold, so that a response is in progress until it is read.
    private static let large = ["large": Fixture.pattern(32 << 20), "a": "hello"]

    private func hold(_ server: TestServer, _ target: String = "/large") throws -> RawClient {
        let client = try server.connect(receiveBuffer: 4096)
        try client.request("GET \(target) HTTP/1.1", ["Connection: close"])
        return client
    }

    /// Returns how many of `count` new clients get a large file, once each has its status line.
    private func admitted(
        _ server: TestServer, _ count: Int
    ) throws -> (held: [RawClient], refused: Int) {
        let clients = try (0..<count).map { _ in try hold(server) }
        var held: [RawClient] = []
        for client in clients {
            if try client.take(through: "\r\n\r\n").starts(with: Array("HTTP/1.1 200".utf8)) {
                held.append(client)
            }
        }
        return (held, count - held.count)
    }

    @Test func requestLimitIsSharedByWorkers() throws {
        let server = try TestServer(
            "limit_req zone=one burst=20 nodelay;",
            http: "limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m;", workers: 4,
            files: ["a": "hello"])
        _ = try server.waitForWorkers(4)
        let clients = try (0..<100).map { _ in try server.connect() }
        for client in clients { try client.request("GET /a HTTP/1.1") }
        var statuses: [Int: Int] = [:]
        for client in clients { statuses[try client.response().status, default: 0] += 1 }
        #expect(statuses == [200: 21, 503: 79])
    }

    @Test func connectionLimitIsSharedByWorkers() throws {
        let server = try TestServer(
            "limit_conn one 10;", http: "limit_conn_zone $server_port zone=one:1m;", workers: 4,
            files: Self.large)
        _ = try server.waitForWorkers(4)
        let first = try admitted(server, 40)
        #expect(first.held.count == 10)
        try server.waitForError("limiting connections by zone \"one\", client: ")
        for client in first.held.prefix(4) { client.close() }
        for client in first.held.suffix(3) { client.reset() }
        var later: [RawClient] = []
        try waitFor("seven places") {
            later += try admitted(server, 1).held
            return later.count == 7
        }
        #expect(try admitted(server, 20).held.isEmpty)
        for client in later + first.held { client.close() }
        try waitFor("all places") {
            let all = try admitted(server, 10).held.count
            return all == 10
        }
    }

    /// nginx continues to count the connections of a dead worker.
    @Test(.enabled(if: Product.isApus)) func killedWorkerIsNotCounted() throws {
        let server = try TestServer(
            "limit_conn one 12;", http: "limit_conn_zone $server_port zone=one:1m;", workers: 3,
            files: Self.large)
        server.mayLoseWorkers = true
        let workers = try server.waitForWorkers(3)
        var clients = try admitted(server, 30).held
        #expect(clients.count == 12)
        for worker in workers { kill(worker, SIGKILL) }
        try server.waitForOthers(than: workers, count: 3)
        clients = try admitted(server, 30).held
        #expect(clients.count == 12)
    }

    @Test func reloadKeepsZone() throws {
        func configuration(_ zone: String) -> String {
            TestServer.configuration(
                "limit_req zone=one;", http: "limit_req_zone \(zone) rate=1r/m;", workers: 2)
        }
        let server = try TestServer(
            configuration: configuration("$server_port zone=one:1m"), files: ["a": "hello"])
        #expect(try server.fetch("/a").status == 200)
        #expect(try server.fetch("/a").status == 503)
        try reload(server)
        #expect(try server.fetch("/a").status == 503)
        // With another key, the counters of the zone would be meaningless.
        try server.rewrite(configuration("$host zone=one:1m"))
        kill(server.pid, SIGHUP)
        try server.waitForError(
            "limit_req \"one\" uses the \"$host\" key "
                + "while previously it used the \"$server_port\" key")
        #expect(try server.fetch("/a").status == 503)
        // With another size, it is a new zone.
        try server.rewrite(configuration("$host zone=one:2m"))
        try reload(server)
        #expect(try server.fetch("/a").status == 200)
        #expect(try server.fetch("/a").status == 503)
    }

    private func reload(_ server: TestServer) throws {
        let old = try server.waitForWorkers(2)
        kill(server.pid, SIGHUP)
        try server.waitForOthers(than: old, count: 2)
    }

    @Test func delayedRequestGetsResponseLater() throws {
        let server = try TestServer(
            "limit_req zone=one burst=5; send_timeout 200ms; client_header_timeout 5s;",
            http: """
                limit_req_zone $server_port zone=one:1m rate=1r/s;
                log_format limits '$limit_req_status $status'; access_log DIR/limits.log limits;
                """, files: ["a": "hello"])
        let start = Date()
        let clients = try (0..<3).map { _ in try server.connect() }
        for client in clients { try client.request("GET /a HTTP/1.1") }
        for client in clients { #expect(try client.response().text == "hello") }
        // The third request has waited for two others.
        #expect(Date().timeIntervalSince(start) > 1.9)
        for text in ["[warn]", "delaying request, excess: ", ", by zone \"one\", client: "] {
            try server.waitForError(text)
        }
        try server.waitForLog("limits.log", "two that were delayed and one that passed") {
            $0.split(separator: "\n").sorted() == ["DELAYED 200", "DELAYED 200", "PASSED 200"]
        }
        // The connection stays open.
        try clients[2].request("GET /a HTTP/1.1")
        #expect(try clients[2].response().text == "hello")
    }

    @Test(arguments: [false, true])
    func disconnectCancelsDelay(resets: Bool) throws {
        let server = try TestServer(
            "limit_req zone=one burst=5;",
            http: "limit_req_zone $server_port zone=one:1m rate=1r/m;", files: ["a": "hello"])
        let worker = try server.waitForWorkers(1)[0]
        #expect(try server.fetch("/a").status == 200)
        let before = try descriptorCount(of: worker)
        let client = try server.connect()
        try client.request("GET /a HTTP/1.1")
        try server.waitForError("delaying request")
        if resets { client.reset() } else { client.close() }
        try server.waitForAccess("\" 499 0 \"")
        try waitFor("the end of the connection") { try descriptorCount(of: worker) <= before }
    }

    /// A file sent with sendfile, one that is read, one that is compressed, and one that is sent
    /// together with its header.
    @Test(arguments: [
        ("sendfile on;", "/big", 50_000), ("sendfile off;", "/big", 50_000),
        ("gzip on; gzip_types *;", "/noise", 50_000), ("", "/small", 12_000),
    ])
    func limitRateIsApplied(settings: String, target: String, bytes: Int) throws {
        // Pauses of the rate limit do not count as the client's.
        let server = try TestServer(
            "\(settings) limit_rate \(bytes * 2 / 5); send_timeout 300ms;",
            files: [
                "big": .pattern(bytes), "small": .pattern(bytes),
                "noise": .bytes((0..<bytes).map { _ in UInt8.random(in: 0...255) }),
            ])
        let start = Date()
        let client = try server.connect()
        try client.request("GET \(target) HTTP/1.1", ["Accept-Encoding: gzip"])
        let response = try client.response()
        #expect((response["Content-Encoding"] == "gzip") == settings.contains("gzip"))
        #expect(response.body.count >= bytes)
        // Two fifths at once, two after a second, the rest after another second.
        #expect(Date().timeIntervalSince(start) > 1.9)
        // The next request starts with a new budget.
        try client.request("HEAD \(target) HTTP/1.1")
        #expect(try client.response(to: "HEAD").status == 200)
    }

    @Test func limitedPipelineIsSentInOrder() throws {
        let server = try TestServer(
            "location /slow { limit_rate 4k; }",
            files: ["slow": .pattern(6000), "a": "hello"])
        let client = try server.connect()
        let targets = ["/a", "/slow", "/a", "/a", "/slow"]
        let start = Date()
        try client.send(
            targets.map { "GET \($0) HTTP/1.1\r\nHost: localhost\r\n\r\n" }.joined())
        for target in targets {
            #expect(try client.response().body.count == (target == "/a" ? 5 : 6000))
        }
        #expect(Date().timeIntervalSince(start) > 1.9)
    }

    /// The seconds are counted from the start of the request; nginx uses the wall clock.
    @Test(.enabled(if: Product.isApus)) func limitRateAfterIsApplied() throws {
        let server = try TestServer(
            "limit_rate_after 900k; limit_rate $arg_rate;",
            files: ["big": .pattern(1_000_000)])
        let start = Date()
        #expect(try server.fetch("/big?rate=64k").body.count == 1_000_000)
        // 78,400 bytes are beyond the limit, of which 65,536 are sent in the first second.
        #expect(Date().timeIntervalSince(start) > 0.9)
        let client = try server.connect()
        try client.request("GET /big?rate=1 HTTP/1.1")
        #expect(try client.take(900_000).count == 900_000)
    }

    @Test func disconnectDuringRateLimitFreesConnection() throws {
        let server = try TestServer(
            "limit_rate 10; limit_conn one 1;",
            http: "limit_conn_zone $server_port zone=one:1m;", files: ["a": "hello"])
        let client = try server.connect()
        try client.request("GET /a HTTP/1.1")
        #expect(try client.take(5) == Array("HTTP/".utf8))
        #expect(try server.connectAndSend("/a").take(10) == Array("HTTP/1.1 5".utf8))
        client.reset()
        try waitFor("the place") {
            try server.connectAndSend("/a").take(10) == Array("HTTP/1.1 2".utf8)
        }
    }

    /// nginx continues to count the connections of a dead worker.
    @Test(.enabled(if: Product.isApus)) func stubStatusCountsAllWorkers() throws {
        let server = try TestServer(
            """
            location = /status { stub_status; }
            location = /idle { return 200 $connections_waiting; }
            """,
            workers: 3, files: ["a": "hello"])
        server.mayLoseWorkers = true
        let workers = try server.waitForWorkers(3)
        func numbers() throws -> [Int] {
            let text = try server.fetch("/status").text
            let words = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
            #expect(text.hasPrefix("Active connections: "))
            return words.compactMap { Int($0) }
        }
        let start = try numbers()
        #expect(start.count == 7)
        let clients = try (0..<20).map { _ in try server.connect() }
        for client in clients {
            for _ in 0..<2 {
                try client.request("GET /a HTTP/1.1")
                #expect(try client.response().text == "hello")
            }
        }
        var counts: [Int] = []
        try waitFor("the counts of all workers") {
            counts = try numbers()
            // Active, reading, writing (this request), waiting; accepted, and requests.
            return counts[0] == 21 && counts[4...] == [0, 1, 20]
                && counts[1] >= start[1] + 21 && counts[3] >= start[3] + 41
        }
        #expect(counts[1] == counts[2])
        #expect(try server.fetch("/idle").text == "20")
        // Requests of a dead worker still count; its connections do not.
        for worker in workers { kill(worker, SIGKILL) }
        try server.waitForOthers(than: workers, count: 3)
        try waitFor("counts without the dead workers") {
            let now = try numbers()
            return now[0] == 1 && now[1] > counts[1] && now[3] > counts[3]
        }
    }
}

extension TestServer {
    fileprivate func connectAndSend(_ target: String) throws -> RawClient {
        let client = try connect()
        try client.request("GET \(target) HTTP/1.1")
        return client
    }
}
