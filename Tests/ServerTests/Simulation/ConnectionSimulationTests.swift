import Foundation
import HTTP
import Testing

@testable import Server

/// The connection's state machine with all kinds of clients, sockets and files, generated from
/// seeds.
///
/// A failure names its seed: `APUS_SIMULATION_SEED=N swift test --filter ConnectionSimulation`
/// repeats it and prints every action. `APUS_SIMULATION_COUNT=N` runs that many seeds.
@Suite struct ConnectionSimulationTests {
    private static let environment = ProcessInfo.processInfo.environment

    /// Ranges of seeds, so that tests run in parallel.
    private static let stretches: [Range<UInt64>] = {
        if let seed = environment["APUS_SIMULATION_SEED"].flatMap(UInt64.init) {
            return [seed..<(seed + 1)]
        }
        let count = environment["APUS_SIMULATION_COUNT"].flatMap(UInt64.init) ?? 4000
        return stride(from: 1, through: max(count, 1), by: 500).map {
            $0..<min($0 + 500, count + 1)
        }
    }()

    @Test(arguments: stretches)
    func clientsGetTheirResponses(seeds: Range<UInt64>) {
        for seed in seeds {
            let simulation = ConnectionSimulation(seed: seed, isTraced: seeds.count == 1)
            do {
                try simulation.run()
            } catch {
                Issue.record("seed \(seed), a client's \(simulation.client.ending): \(error)")
            }
            if seeds.count == 1 { print(simulation.story) }
        }
    }

    @Test func sameSeedGivesSameRun() throws {
        for seed in [3, 1000] as [UInt64] {
            let first = ConnectionSimulation(seed: seed, isTraced: true)
            let second = ConnectionSimulation(seed: seed, isTraced: true)
            try first.run()
            try second.run()
            #expect(!first.story.isEmpty)
            #expect(first.story == second.story)
        }
    }
}

/// One connection, from its first iteration to its end.
final class ConnectionSimulation {
    private(set) var client: SimulatedClient
    private let driver: ConnectionDriver
    private var random: SeededGenerator
    /// True if the client disconnected, so that responses may be missing.
    private var isCut = false

    init(seed: UInt64, isTraced: Bool) {
        random = SeededGenerator(seed: seed)
        var settings = SimulatedSettings()
        settings.inputSize = [32, 100, 1024].randomElement(using: &random) ?? 1024
        settings.outputSize = [100, 2100, 4096, 20480].randomElement(using: &random) ?? 4096
        settings.sendfileMaxChunk = [100, 2048, 2 << 20].randomElement(using: &random) ?? 2048
        settings.keepaliveRequests = [1, 3, 1000, 1000, 1000].randomElement(using: &random) ?? 1000
        settings.lingeringClose =
            [.never, .whenUnread, .always].randomElement(using: &random) ?? .whenUnread
        var requests = SimulatedScript.requests(
            keepaliveRequests: settings.keepaliveRequests, using: &random)
        if Int.random(in: 0..<4, using: &random) == 0 {
            let header = SimulatedProxy.headers.randomElement(using: &random) ?? []
            settings.proxyHeader = header
            requests = SimulatedProxy.requests(requests, behind: header)
        }
        let ending = SimulatedClient.Ending.allCases.randomElement(using: &random) ?? .leave
        client = SimulatedClient(requests, ending: ending, using: &random)
        driver = ConnectionDriver(
            settings, room: [50, 3000, 100_000].randomElement(using: &random) ?? 3000,
            seed: random.next(), isTraced: isTraced)
    }

    /// All actions, one per line.
    var story: String { (driver.trace ?? []).joined(separator: "\n") }

    func run() throws {
        try driver.takeTurn()
        for _ in 0..<20_000 {
            try driver.checkBetweenTurns()
            if driver.isClosed {
                try checkTheEnd()
                return
            }
            driver.nowMs += Int64.random(in: 0...9, using: &random) / 9
            actAsClient()
            if driver.isDue {
                try driver.takeTurn()
            } else if Int.random(in: 0..<50, using: &random) == 0 {
                // A wake-up without cause.
                try driver.takeTurn()
            } else if !client.canSend, !client.canRead(driver.socket) {
                try nothingMoves()
            }
        }
        throw SimulationFailure("it does not come to an end")
    }

    private func actAsClient() {
        if client.ending == .reset, Int.random(in: 0..<40, using: &random) == 0 {
            driver.socket.isReset = true
            isCut = true
        }
        guard !driver.socket.isReset else { return }
        if client.canSend, Int.random(in: 0..<3, using: &random) > 0 {
            client.send(to: &driver.socket, using: &random)
        }
        if client.canEnd, Int.random(in: 0..<3, using: &random) == 0 {
            driver.socket.clientHasEnded = true
        }
        if client.canRead(driver.socket), Bool.random(using: &random) {
            client.read(from: &driver.socket, using: &random)
        }
    }

    /// Handles the state in which only the client or time can make progress.
    private func nothingMoves() throws {
        if let heldUntilMs = driver.heldUntilMs {
            driver.nowMs = max(driver.nowMs, heldUntilMs)
            return
        }
        if client.readsOn, !isCut { try client.checkAllIsHere() }
        if client.goOn(&driver.socket) { return }
        guard let deadline = driver.deadlineMs else {
            throw SimulationFailure("nothing moves and nothing will")
        }
        driver.nowMs = max(driver.nowMs, deadline)
        try driver.expire()
    }

    private func checkTheEnd() throws {
        while client.canRead(driver.socket), !driver.socket.isReset {
            client.read(from: &driver.socket, using: &random)
        }
        _ = try client.wholeResponses()
        if client.readsOn, !isCut { try client.checkAllIsHere() }
    }
}
