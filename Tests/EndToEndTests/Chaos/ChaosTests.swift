import Foundation
import Testing

/// Reloads, upgrades, log rotation, kills and shutdowns under load, with every byte and log line
/// counted.
///
/// `APUS_CHAOS_SCALE` multiplies how often each disturbance happens.
@Suite(.serialized) struct ChaosTests {
    private static let scale =
        ProcessInfo.processInfo.environment["APUS_CHAOS_SCALE"].flatMap { Double($0) }

    @Test(.enabled(if: Product.isApus, "nginx loses some")) func noRequestOrLogLineIsLost() throws {
        let run = try ChaosRun("apus", Product.binary, scale: Self.scale ?? 1)
        print(ChaosReport.table([run]) + "\n" + ChaosReport.remains([run]))
        expect(run)
        guard ProcessInfo.processInfo.environment["APUS_WRITE_DOCS"] != nil else { return }
        let other = try ChaosRun("nginx", NginxPeer.binary, scale: Self.scale ?? 1)
        try ChaosReport.write([run, other])
    }

    private func expect(_ run: ChaosRun) {
        let clients = ChaosClients.kept + ChaosClients.fresh
        for (number, phase) in run.phases.enumerated() {
            let tally = run.tallies[number]
            #expect(tally.completed > 0, "\(phase.name)")
            #expect(tally.wrong.isEmpty, "\(phase.name): \(tally.wrong.prefix(3))")
            #expect(tally.refused == 0, "\(phase.name)")
            #expect(tally.unable == 0 || phase.name == "descriptors used up", "\(phase.name)")
            // A client has at most one request in progress.
            let mayLose = phase.mayLose ? phase.rounds * clients * phase.lossesEach : 0
            #expect(
                tally.lostCount <= mayLose, "\(phase.name): \(tally.lostNew), \(tally.lostKept)")
            // Each worker that is killed has one request in progress.
            let mayMiss = phase.mayLose ? phase.rounds : 0
            #expect(run.missing[number] <= mayMiss, "\(phase.name)")
        }
        for end in run.ends {
            #expect(end.processes == 0, "\(end.name)")
            #expect(end.tally.wrong.isEmpty, "\(end.name): \(end.tally.wrong.prefix(3))")
            if end.name != "the master killed" {
                #expect(
                    end.tally.lostCount == 0,
                    "\(end.name): \(end.tally.lostNew), \(end.tally.lostKept)")
            }
        }
        #expect(run.doubled == 0 && run.misplaced == 0)
        #expect(run.processes == 0)
        // Of the four sockets that workers once had, none is closed while the address stays.
        #expect(run.descriptors <= 3)
        // Pools fill up, but nothing grows with the number of disturbances.
        #expect(run.memoryKiB < 8192)
    }

    /// The same clients find what nginx loses: a reload closes open connections while a request is
    /// in flight.
    @Test(.enabled(if: NginxPeer.isThere, "needs nginx")) func nginxLosesRequestsOnReload() throws {
        let run = try ChaosRun("nginx", NginxPeer.binary, scale: Self.scale ?? 0.2)
        print(ChaosReport.table([run]) + "\n" + ChaosReport.remains([run]))
        #expect(run.tallies.allSatisfy { $0.completed > 0 && $0.wrong.isEmpty })
        #expect(run.tallies.contains { $0.lostCount > 0 })
    }
}
