import Foundation
import Glibc
import Testing

/// Many clients at once. `APUS_LOAD_SECONDS` makes the run longer.
@Suite(.serialized) struct LoadTests {
    private static let seconds =
        ProcessInfo.processInfo.environment["APUS_LOAD_SECONDS"].flatMap { Int($0) } ?? 6

    /// The counts of wrk: requests with a response, and errors.
    private struct Counts {
        var requests = 0
        var connect = 0
        var read = 0
        var write = 0
        var timeout = 0
        var badStatus = 0

        init(_ text: String) {
            for line in text.split(separator: "\n") {
                let words = line.split(whereSeparator: { " ,:".contains($0) }).map(String.init)
                func number(after name: String) -> Int {
                    words.firstIndex(of: name).flatMap { Int(words[$0 + 1]) } ?? 0
                }
                if line.contains("requests in"), let first = words.first {
                    requests = Int(first) ?? 0
                }
                if line.contains("Socket errors") {
                    connect = number(after: "connect")
                    read = number(after: "read")
                    write = number(after: "write")
                    timeout = number(after: "timeout")
                }
                if line.contains("Non-2xx") { badStatus = Int(words.last ?? "") ?? 0 }
            }
        }
    }

    @Test func everyRequestGetsResponse() throws {
        let server = try TestServer(
            "access_log off;", workers: 2, connections: 1024, files: ["a.txt": .pattern(1024)])
        let result = try run(
            "wrk", ["-t1", "-c100", "-d2", server.url("/a.txt")], seconds: 60)
        let counts = Counts(result.output)
        #expect(counts.requests > 500, "\(result.output)")
        #expect(counts.connect + counts.read + counts.write + counts.badStatus == 0)
    }

    @Test func killedWorkerLosesOnlyItsConnections() throws {
        let connections = 200
        let server = try TestServer(
            "access_log off; keepalive_requests 100000000; keepalive_time 24h;", workers: 2,
            connections: 1024, files: ["a.txt": .pattern(1024)])
        server.mayLoseWorkers = true
        let workers = try server.waitForWorkers(2)
        let place = try TemporaryDirectory()
        let load = try ChildProcess(
            "wrk", ["-t1", "-c\(connections)", "-d\(Self.seconds)", server.url("/a.txt")],
            output: place.path + "/out", error: place.path + "/error")
        // A worker that has connections, but not all of them.
        var shares: [Int] = []
        try waitFor("the connections of the load, having \(shares)") {
            let established = try establishedInodes(port: server.port)
            shares = workers.map { socketInodes(of: $0).intersection(established).count }
            return established.count == connections && shares.reduce(0, +) == connections
        }
        let victim = shares[0] > 0 ? 0 : 1
        kill(workers[victim], SIGKILL)
        try waitFor("another worker") {
            server.workers.count == 2 && !server.workers.contains(workers[victim])
        }
        #expect(try server.fetch("/a.txt").body.count == 1024)
        #expect(server.workers.contains(workers[1 - victim]))

        #expect(try load.waitForExit(seconds: Double(Self.seconds) + 30) == .code(0))
        let counts = Counts(load.output)
        #expect(counts.requests > 1000)
        #expect(counts.badStatus == 0)
        // A lost connection is one read or write error, and connections in the queue of the dying
        // worker may add a few.
        let lost = counts.read + counts.write
        #expect(lost <= shares[victim] + 8, "\(load.output), shares \(shares)")
        #expect(counts.connect == 0)
        try server.waitForError("\(workers[victim]) exited on signal 9")
        #expect(try server.fetch("/a.txt").body.count == 1024)
    }
}
