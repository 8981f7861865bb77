import Foundation
import Glibc
import Testing

/// Distribution of connections to workers, and shortages of descriptors and connections.
@Suite(.serialized) struct WorkerTests {
    /// On a busy machine the workers that the scheduler runs accept more, so the best of a few
    /// tries counts. Without turns, one worker accepts all connections in every try.
    @Test func connectionsSpreadOverWorkers() throws {
        var tries: [[Int]] = []
        for _ in 0..<6 {
            let counts = try spread(of: 1600, over: 4)
            tries.append(counts)
            if isSpread(counts) || !Product.isApus { return }
        }
        Issue.record("\(tries)")
    }

    /// True if each worker has at least half of its share.
    private func isSpread(_ counts: [Int]) -> Bool {
        guard let least = counts.min() else { return false }
        return least * counts.count * 2 >= counts.reduce(0, +)
    }

    /// Opens `count` connections, and returns the number that each worker accepted.
    private func spread(of count: Int, over number: Int) throws -> [Int] {
        let server = try TestServer(workers: number, connections: 2048, files: ["a": "hello"])
        let workers = try server.waitForWorkers(number)
        var clients: [RawClient] = []
        // In bursts, since idle workers take turns in any case.
        for _ in 0..<(count / 100) {
            let burst = try (0..<100).map { _ in try server.connect() }
            for client in burst { try client.request("GET /a HTTP/1.1") }
            for client in burst { #expect(try client.response().text == "hello") }
            clients += burst
        }
        let established = try establishedInodes(port: server.port)
        let counts = workers.map { socketInodes(of: $0).intersection(established).count }
        #expect(counts.reduce(0, +) == count, "\(counts)")
        for client in clients { client.close() }
        return counts
    }

    @Test func descriptorShortageIsSurvived() throws {
        let server = try TestServer(
            "keepalive_timeout 600s; client_header_timeout 600s;",
            main: "worker_rlimit_nofile 40;", files: ["a": "hello"])
        let worker = try server.waitForWorkers(1)[0]
        // More clients than descriptors: some are served and stay, the others wait.
        var clients = try (0..<80).map { _ in try server.connect() }
        for client in clients { try client.request("GET /a HTTP/1.1") }
        var served = 0
        try waitFor("the descriptors to be used up") {
            served = clients.filter { !$0.isQuiet }.count
            return try descriptorCount(of: worker) >= 38 || served >= 20
        }
        // The worker waits without spinning.
        try waitForRest(of: worker)
        // Waiting clients are served when others disconnect, and then new ones.
        let first = clients.prefix(70)
        for client in first { client.close() }
        clients.removeFirst(70)
        try waitFor("a response to a new client") {
            (try? server.fetch("/a").text) == "hello"
        }
        #expect(server.workers == [worker])
    }

    @Test func workerConnectionsAreLimited() throws {
        let server = try TestServer(
            "keepalive_timeout 600s;", connections: 20, files: ["a": "hello"])
        let worker = try server.waitForWorkers(1)[0]
        let clients = try (0..<60).map { _ in try server.connect() }
        for client in clients { try? client.request("GET /a HTTP/1.1") }
        try waitFor("connections to be used up") {
            clients.contains { !$0.isQuiet }
        }
        #expect(try descriptorCount(of: worker) < 60)
        for client in clients { client.close() }
        try waitFor("a response to a new client") {
            (try? server.fetch("/a").text) == "hello"
        }
        #expect(server.workers == [worker])
    }

    @Test func workerProcessesAutoMatchesProcessors() throws {
        let configuration = TestServer.configuration()
            .replacingOccurrences(of: "worker_processes 1;", with: "worker_processes auto;")
        let server = try TestServer(configuration: configuration, files: ["a": "hello"])
        let processors = ProcessInfo.processInfo.activeProcessorCount
        #expect(try server.waitForWorkers(processors).count == processors)
    }

    @Test func workerIsNotRoot() throws {
        guard Product.isRoot else { return }
        let server = try TestServer(main: "user nobody nogroup;", files: ["a": "hello"])
        // A worker that responds has changed its user.
        #expect(try server.fetch("/a").text == "hello")
        let worker = try server.waitForWorkers(1)[0]
        let lines = try readText("/proc/\(worker)/status").split(separator: "\n")
        let user = try #require(lines.first { $0.hasPrefix("Uid:") }).split(separator: "\t")
        let group = try #require(lines.first { $0.hasPrefix("Gid:") }).split(separator: "\t")
        #expect(user[1...4].allSatisfy { $0 == "65534" })
        #expect(group[1...4].allSatisfy { $0 == "65534" })
    }
}
