import Foundation
import Glibc
import Testing

/// The counts of a server that goes through all phases, and is then stopped in all ways.
struct ChaosRun {
    let name: String
    let phases: [ChaosPhase]
    private(set) var tallies: [ChaosTally] = []
    /// The number of log lines, by phase, that are missing for a response or exist twice.
    private(set) var missing: [Int] = []
    private(set) var doubled = 0
    /// Logs that got lines after they were replaced.
    private(set) var misplaced = 0
    /// Increases since the start: descriptors of the master, and KiB of all processes.
    private(set) var descriptors = 0
    private(set) var memoryKiB = 0
    private(set) var processes = 0
    private(set) var ends: [(name: String, tally: ChaosTally, processes: Int)] = []

    init(_ name: String, _ binary: String, scale: Double) throws {
        self.name = name
        phases = ChaosPhase.all(scale)
        try goThrough(binary)
        for (name, signal) in [
            ("QUIT", SIGQUIT), ("TERM", SIGTERM), ("the master killed", SIGKILL),
        ] {
            ends.append(try Self.end(binary, name, signal))
        }
    }

    private mutating func goThrough(_ binary: String) throws {
        let server = try ChaosServer(binary)
        let load = try ChildProcess(
            "wrk",
            ["-t1", "-c8", "-d600", "http://127.0.0.1:\(server.daemon.port)/quiet/page.html"],
            output: server.daemon.directory.path + "/wrk",
            error: server.daemon.directory.path + "/wrk.err")
        defer { load.end() }
        let clients = ChaosClients(
            port: server.daemon.port, files: ChaosServer.files, phases: phases.count)
        do {
            try clients.waitForRounds(20)
            let before = try Self.held(by: server)
            for (number, phase) in phases.enumerated() {
                clients.begin(number)
                for round in 0..<phase.rounds {
                    try phase.act(server, round)
                    try clients.waitForRounds(3)
                }
                try server.write(workers: 2)
                try server.reload()
                try server.waitForWorkers()
                try clients.waitForRounds()
            }
            tallies = try clients.finish()
            load.signal(SIGINT)
            _ = try load.waitForExit()
            let after = try Self.held(by: server)
            (descriptors, memoryKiB) = (after.0 - before.0, after.1 - before.1)
        } catch {
            _ = try clients.finish()
            throw error
        }
        try quit(server, SIGQUIT)
        processes = server.processes.count
        try compareLogs(server)
    }

    /// Returns the descriptors of the master, and the private memory of all processes.
    private static func held(by server: ChaosServer) throws -> (Int, Int) {
        try server.waitForWorkers()
        let all = server.processes
        return (
            try descriptorCount(of: try server.master()),
            all.reduce(0) { $0 + ((try? privateDirtyKiB(of: $1)) ?? 0) }
        )
    }

    private mutating func compareLogs(_ server: ChaosServer) throws {
        let lines = try server.loggedLines()
        missing = tallies.map { $0.names.filter { lines[$0] == nil }.count }
        misplaced = server.rotated.count { fileSize($0.key) != $0.value }
        doubled = lines.count { $0.value > 1 && $0.key.contains("?") }
    }

    private func quit(_ server: ChaosServer, _ signal: Int32) throws {
        kill(try server.master(), signal)
        try? waitFor("all processes to exit") { server.processes.isEmpty }
    }

    private static func end(
        _ binary: String, _ name: String, _ signal: Int32
    ) throws -> (name: String, tally: ChaosTally, processes: Int) {
        let server = try ChaosServer(binary)
        let clients = ChaosClients(port: server.daemon.port, files: ChaosServer.files, phases: 1)
        do {
            try clients.waitForRounds(20)
            kill(try server.master(), signal)
            // nginx's workers outlive a master that is killed.
            let patience = binary == Product.binary ? patienceSeconds : 8
            try? waitFor("all processes to exit", seconds: patience) { server.processes.isEmpty }
        } catch {
            _ = try clients.finish()
            throw error
        }
        let left = server.processes.count
        return (name, try clients.finish()[0], left)
    }
}
