import Foundation
import Glibc
import Synchronization
import Testing

/// Clients that send requests continuously and check every byte: some keep their connection open as
/// long as the server does, some open one per request.
final class ChaosClients: Sendable {
    static let kept = 4
    static let fresh = 2

    private let phase = Atomic<Int>(0)
    private let rounds = Atomic<Int>(0)
    private let isOver = Atomic<Bool>(false)
    private let running = Atomic<Int>(0)
    private let tallies: Mutex<[ChaosTally]>
    private let port: UInt16
    private let files: [(target: String, content: [UInt8])]

    /// Creates clients that request `files`, by target.
    init(port: UInt16, files: [String: Fixture], phases: Int) {
        self.port = port
        self.files = files.sorted { $0.key < $1.key }.map { ("/" + $0.key, $0.value.content) }
        tallies = Mutex(Array(repeating: ChaosTally(), count: phases))
        for number in 0..<(Self.kept + Self.fresh) {
            running.add(1, ordering: .sequentiallyConsistent)
            Thread.detachNewThread { [self] in
                work(number, keeps: number < Self.kept)
                running.subtract(1, ordering: .sequentiallyConsistent)
            }
        }
    }

    /// Counts from here on for another phase.
    func begin(_ number: Int) { phase.store(number, ordering: .sequentiallyConsistent) }

    /// Returns when every client has completed some more requests.
    func waitForRounds(_ count: Int = 5) throws {
        let before = rounds.load(ordering: .sequentiallyConsistent)
        let enough = before + count * (Self.kept + Self.fresh)
        try waitFor("\(count) more requests of each client", seconds: 60) {
            rounds.load(ordering: .sequentiallyConsistent) >= enough
        }
    }

    /// Stops the clients. Returns the counts of each phase.
    func finish() throws -> [ChaosTally] {
        isOver.store(true, ordering: .sequentiallyConsistent)
        try waitFor("the clients to end", seconds: 60) {
            running.load(ordering: .sequentiallyConsistent) == 0
        }
        return tallies.withLock { $0 }
    }

    private func work(_ number: Int, keeps: Bool) {
        var client: RawClient?
        var request = 0
        while !isOver.load(ordering: .sequentiallyConsistent) {
            request += 1
            let kind = phase.load(ordering: .sequentiallyConsistent)
            let file = files[request % files.count]
            let name = "\(file.target)?\(number)-\(request)"
            var tally = ChaosTally()
            let start = DispatchTime.now().uptimeNanoseconds
            client = sendRequest(name, file.content, client, keeps: keeps, &tally)
            if tally.completed > 0 {
                tally.slowestMs = Int((DispatchTime.now().uptimeNanoseconds - start) / 1_000_000)
            }
            tallies.withLock { $0[kind].add(tally) }
            rounds.add(1, ordering: .sequentiallyConsistent)
            // A short pause, so that the clients leave the servers some processor time.
            usleep(tally.refused > 0 ? 10_000 : 1000)
        }
    }

    /// Sends one request. Returns the connection if it stays open.
    private func sendRequest(
        _ name: String, _ content: [UInt8], _ open: RawClient?, keeps: Bool,
        _ tally: inout ChaosTally
    ) -> RawClient? {
        let client: RawClient
        do {
            client = try open ?? RawClient(.ipv4(port))
        } catch let failure as SystemFailure where failure.code == ECONNREFUSED {
            tally.refused = 1
            return nil
        } catch {
            tally.lostNew["not connected: \(error)"] = 1
            return nil
        }
        do {
            try client.request("GET \(name) HTTP/1.1", keeps ? [] : ["Connection: close"])
            let response = try client.response()
            if response.status == 500 {
                tally.unable = 1
                return nil
            }
            guard response.status == 200, response.body == content else {
                let what = "\(name): \(response.status), \(response.body.count) bytes"
                tally.wrong = [what]
                return nil
            }
            tally.completed = 1
            tally.names = [name]
            return keeps && response["Connection"] != "close" ? client : nil
        } catch {
            var reason = "\(error)"
            if case RawClient.Failure.ended = error { reason = "closed" }
            if open == nil { tally.lostNew[reason] = 1 } else { tally.lostKept[reason] = 1 }
        }
        return nil
    }
}
