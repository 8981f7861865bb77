import Foundation
import Glibc

/// Connections that stay open: for each worker, one for whole requests, and one on which half a
/// request waits during a change.
final class OpenConnections {
    enum Role: CaseIterable { case kept, piped }

    struct OpenConnection {
        let role: Role
        /// The process that has the connection; nil if any will do.
        let worker: pid_t?
        var client: RawClient?
    }

    private let server: TestServer
    private(set) var connections: [OpenConnection]
    /// Every worker that has responded.
    private(set) var workers: Set<pid_t> = []

    /// Opens connections to each of two workers if `isBound`, otherwise four to any worker.
    init(_ server: TestServer, isBound: Bool) throws {
        self.server = server
        connections = []
        var tries = 0
        while workers.count < 2 {
            tries += 1
            guard tries < 1000 else { throw TimedOut(description: "a second worker") }
            workers.insert(try Self.worker(of: try server.connect()))
        }
        for worker in workers.sorted() {
            connections += Role.allCases.map {
                OpenConnection(role: $0, worker: isBound ? worker : nil)
            }
        }
    }

    /// Returns the process that serves a connection.
    static func worker(of client: RawClient) throws -> pid_t {
        try client.request("GET /pid HTTP/1.1")
        let text = try client.response().text
        guard let pid = pid_t(text) else { throw Response.Malformed(description: text) }
        return pid
    }

    func indices(_ role: Role) -> [Int] {
        connections.indices.filter { connections[$0].role == role }
    }

    func client(_ index: Int) throws -> RawClient {
        guard let client = connections[index].client else {
            throw RawClient.Failure.ended("no client")
        }
        return client
    }

    func leave(_ index: Int) { connections[index].client = nil }

    func recordWorker(_ worker: pid_t) { workers.insert(worker) }

    /// Opens missing connections, and those that the server has closed.
    func refill() throws {
        for index in connections.indices where !(connections[index].client?.isQuiet ?? false) {
            leave(index)
        }
        var tries = 0
        while let empty = connections.first(where: { $0.client == nil }) {
            tries += 1
            guard tries < 1000 else { throw TimedOut(description: "a connection: \(empty)") }
            // A worker may exit during the request.
            guard let client = try? server.connect(), let worker = try? Self.worker(of: client)
            else { continue }
            workers.insert(worker)
            let connection = connections.firstIndex {
                $0.client == nil && ($0.worker == nil || $0.worker == worker)
            }
            if let connection { connections[connection].client = client }
        }
    }
}
