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
