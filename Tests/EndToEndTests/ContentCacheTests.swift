import Foundation
import Glibc
import Testing

/// Cached responses equal those from the disk, including fields that change with time.
/// FreshnessTests check that they are never stale.
@Suite(.enabled(if: Product.isApus, "nginx has another cache")) struct ContentCacheTests {
    private static let format: DateFormatter = {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format
    }()

    private func seconds(_ text: String?) throws -> Int {
        let date = Self.format.date(from: try #require(text))
        return Int(try #require(date).timeIntervalSince1970)
    }

    @Test func cachedResponseHasCurrentDate() throws {
        let server = try TestServer("expires 1h;", files: ["a.txt": "text"])
        var dates = Set<Int>()
        try waitFor("the responses of three seconds") {
            let response = try server.fetch("/a.txt")
            let date = try seconds(response["Date"])
            #expect(try seconds(response["Expires"]) == date + 3600)
            #expect(response["Cache-Control"] == "max-age=3600")
            #expect(response.text == "text")
            dates.insert(date)
            return dates.count >= 3
        }
    }

    /// A built-in page has a form for Chrome, and one for others: either may be cached first.
    @Test(arguments: [["Chrome/142.0", "curl/8.0"], ["curl/8.0", "Chrome/142.0"]])
    func bothFormsOfErrorPageAreCached(agents: [String]) throws {
        let server = try TestServer("log_not_found off;", files: ["a": "a"])
        let client = try server.connect()
        for round in 0..<6 {
            for agent in round < 3 ? agents : agents.reversed() {
                try client.request("GET /none HTTP/1.1", ["User-Agent: \(agent)"])
                let response = try client.response()
                #expect(response.status == 404)
                #expect(response.text.contains("padding") == agent.hasPrefix("Chrome"))
            }
        }
        try server.directory.write("none", "new")
        try client.request("GET /none HTTP/1.1", ["User-Agent: \(agents[0])"])
        #expect(try client.response().text == "new")
    }

    /// Only the first thousand messages of a minute are written, also for a cached response, and
    /// their number is written when the server exits.
    @Test func messagesOfCachedNotFoundAreCounted() throws {
        let server = try TestServer(
            "log_not_found on; keepalive_requests 10000;", files: ["a": "a"])
        let client = try server.connect()
        for _ in 0..<1200 {
            try client.request("GET /none HTTP/1.1")
            #expect(try client.response().status == 404)
        }
        server.stop()
        let lines = server.errorLog.split(separator: "\n").filter { $0.contains("/none\" failed") }
        #expect(lines.count { $0.contains("*") } == 1000)
        #expect(lines.last?.contains("200 more like this within a minute: open() ") == true)
    }

    /// Files of which two do not fit into one send.
    @Test(arguments: ["sendfile on;", "sendfile off;"]) func pipelinedCachedResponsesAreComplete(
        directive: String
    ) throws {
        let server = try TestServer(
            directive, files: ["a.bin": .pattern(10_000), "b.bin": .pattern(16_384), "c": "c"])
        let client = try server.connect()
        let sizes = ["/a.bin": 10_000, "/b.bin": 16_384]
        for _ in 0..<4 {
            let targets = (0..<6).flatMap { _ in ["/a.bin", "/b.bin", "/c", "/a.bin"] }
            for target in targets { try client.request("GET \(target) HTTP/1.1") }
            for target in targets {
                let body = try client.response().body
                #expect(body == sizes[target].map { patternBytes($0) } ?? Array("c".utf8))
            }
        }
    }

    @Test(arguments: ["sendfile on;", "sendfile off;"]) func idleDescriptorIsClosedAfterASecond(
        directive: String
    ) throws {
        let server = try TestServer(directive, files: ["large.bin": .pattern(100_000)])
        let worker = try server.waitForWorkers(1)[0]
        func isOpen() throws -> Bool {
            try openNames(of: worker).contains { $0.hasSuffix("/large.bin") }
        }
        // At least four requests: on a busy machine, the second may pass before the descriptor is
        // looked for.
        var count = 0
        try waitFor("the descriptor") {
            #expect(try server.fetch("/large.bin").body == patternBytes(100_000))
            count += 1
            return try count >= 4 && isOpen()
        }
        try waitFor("the descriptor to be closed") { try !isOpen() }
        for _ in 0..<3 { #expect(try server.fetch("/large.bin").body == patternBytes(100_000)) }
    }

    @Test(.enabled(if: getuid() == 0, "needs root")) func unwatchablePathIsLoggedOnce() throws {
        let server = try TestServer(
            main: "worker_rlimit_core 1;", files: ["closed/a.txt": "one", "closed/b.txt": "two"])
        // Workers may search this directory, but not read it.
        #expect(unsafe chmod(server.directory.root + "/closed", 0o711) == 0)
        for _ in 0..<4 {
            #expect(try server.fetch("/closed/a.txt").text == "one")
            #expect(try server.fetch("/closed/b.txt").text == "two")
        }
        _ = try server.fetch("/none")
        try server.waitForError("/none\" failed")
        #expect(server.errorLog.components(separatedBy: "cannot watch").count == 2)
    }
}
