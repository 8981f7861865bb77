import Foundation
import Glibc

/// Connections that stay open: of each worker one that requests are sent over, and one that half
/// a request waits on while something is changed.
final class WorkerSeats {
    enum Role: CaseIterable { case kept, piped }

    struct Seat {
        let role: Role
        /// The process that has the connection; nil where each will do.
        let worker: pid_t?
        var client: RawClient?
    }

    private let server: TestServer
    private(set) var seats: [Seat]
    /// Every process that was met.
    private(set) var workers: Set<pid_t> = []

    /// With `isBound` there are seats at each of the two workers; else four at whichever.
    init(_ server: TestServer, isBound: Bool) throws {
        self.server = server
        seats = []
        var tries = 0
        while workers.count < 2 {
            tries += 1
            guard tries < 1000 else { throw TimedOut(description: "a second worker") }
            workers.insert(try Self.worker(of: try server.connect()))
        }
        for worker in workers.sorted() {
            seats += Role.allCases.map { Seat(role: $0, worker: isBound ? worker : nil) }
        }
    }

    /// The process that answers on a connection.
    static func worker(of client: RawClient) throws -> pid_t {
        try client.request("GET /pid HTTP/1.1")
        let text = try client.response().text
        guard let pid = pid_t(text) else { throw Response.Malformed(description: text) }
        return pid
    }

    func indices(_ role: Role) -> [Int] { seats.indices.filter { seats[$0].role == role } }

    func client(_ index: Int) throws -> RawClient {
        guard let client = seats[index].client else { throw RawClient.Failure.ended("no client") }
        return client
    }

    func leave(_ index: Int) { seats[index].client = nil }

    func met(_ worker: pid_t) { workers.insert(worker) }

    /// Takes the seats that are empty, or whose connection the server has closed.
    func refill() throws {
        for index in seats.indices where !(seats[index].client?.isQuiet ?? false) { leave(index) }
        var tries = 0
        while let empty = seats.first(where: { $0.client == nil }) {
            tries += 1
            guard tries < 1000 else { throw TimedOut(description: "a connection: \(empty)") }
            // A worker that ends while it is asked is no fault.
            guard let client = try? server.connect(), let worker = try? Self.worker(of: client)
            else { continue }
            workers.insert(worker)
            let seat = seats.firstIndex {
                $0.client == nil && ($0.worker == nil || $0.worker == worker)
            }
            if let seat { seats[seat].client = client }
        }
    }
}
