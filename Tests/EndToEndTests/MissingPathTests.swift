import Foundation
import Glibc
import Testing

/// Missing paths with as many segments as fit into a request line: each costs a few system calls,
/// and memory for its bytes. CostTests count the instructions.
@Suite(.enabled(if: Product.isApus, "nginx has no such cache")) struct MissingPathTests {
    private static func path(_ number: Int, names: Int = 1990) -> String {
        "/none-\(number)" + String(repeating: "/a", count: names)
    }

    private func server() throws -> TestServer {
        try TestServer(
            "large_client_header_buffers 4 8k; keepalive_requests 100000;", files: ["a": "hello"])
    }

    private func sendRequest(_ client: RawClient, _ target: String) throws -> Int {
        try client.request("GET \(target) HTTP/1.1")
        return try client.response().status
    }

    /// Counts the calls with a path, whose number does not depend on scheduling.
    @Test(.enabled(if: CallTrace.isPossible, "\(CallTrace.lacking)"))
    func longMissingPathTakesFewCalls() throws {
        let server = try server()
        let client = try server.connect()
        for _ in 0..<3 { #expect(try sendRequest(client, "/none") == 404) }
        let requests = 40
        var statuses: Set<Int> = []
        let lines = try CallTrace.during(server) {
            for number in 0..<requests / 2 {
                for _ in 0..<2 { statuses.insert(try sendRequest(client, Self.path(number))) }
            }
        }
        #expect(statuses == [404])
        let names: Set = [
            "openat", "openat2", "readlink", "inotify_add_watch", "inotify_rm_watch", "stat",
            "newfstatat", "statx", "statfs", "lstat", "close",
        ]
        let calls = lines.count { names.contains(CallTrace.name($0)) }
        #expect(calls > 0, "nothing was traced")
        #expect(calls <= 4 * requests, "\(calls) calls for \(requests) requests")
    }

    @Test func longMissingPathsEvictNothing() throws {
        let server = try server()
        let watch = try WorkerWatch(server)
        let client = try server.connect()
        for _ in 0..<3 { #expect(try sendRequest(client, "/a") == 200) }
        // A file that was made just now is not cached at once.
        if CallTrace.isPossible {
            try waitFor("/a in the cache") { try !opensFiles(server, client, "/a") }
        }
        let count = 300
        for number in 0..<count {
            for _ in 0..<3 { #expect(try sendRequest(client, Self.path(number)) == 404) }
        }
        // Each is an entry of its own: its path of 4 KB, and as much for the response.
        let grown = try watch.grownKiB()
        #expect(grown < count * 20, "\(grown) KiB for \(count) paths")
        guard CallTrace.isPossible else { return }
        let isPushedOut = try opensFiles(server, client, "/a")
        #expect(!isPushedOut)
    }

    /// True if the worker opens a file for a request.
    private func opensFiles(
        _ server: TestServer, _ client: RawClient, _ target: String
    ) throws -> Bool {
        var status = 0
        let lines = try CallTrace.during(server) { status = try sendRequest(client, target) }
        #expect(status == 200)
        return lines.contains { CallTrace.name($0).hasPrefix("open") }
    }
}
