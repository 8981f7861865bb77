import Foundation
import Testing

@testable import Server

/// The worker's own loop, phases, caches and connections on a kernel in memory, with clients,
/// files and faults that are generated from seeds.
///
/// A failure names its seed: `APUS_SIMULATION_SEED=N swift test --filter WorkerSimulation` repeats
/// it and prints every event. `APUS_SIMULATION_COUNT=N` runs that many seeds, from
/// `APUS_SIMULATION_FIRST` on.
///
/// Seeds run one after the other, because the flag for change notifications is the process's own.
@Suite(.serialized) struct WorkerSimulationTests {
    private static let seeds: ClosedRange<UInt64> = {
        let number = { (name: String) in
            ProcessInfo.processInfo.environment["APUS_SIMULATION_\(name)"].flatMap(UInt64.init)
        }
        if let seed = number("SEED") { return seed...seed }
        let first = number("FIRST") ?? 1
        return first...(first + max(number("COUNT") ?? 20_000, 1) - 1)
    }()

    @Test func responsesAreRightAndNothingLeaks() throws {
        let runs = try SimulationRuns(isTraced: Self.seeds.count == 1)
        var failures = 0
        for seed in Self.seeds where failures < 10 {
            guard let failure = try runs.run(seed).failure else { continue }
            Issue.record("seed \(seed): \(failure)")
            failures += 1
        }
    }

    @Test func sameSeedGivesSameRun() throws {
        let runs = try SimulationRuns()
        for seed in 1...30 as ClosedRange<UInt64> {
            let first = try runs.run(seed)
            let second = try runs.run(seed)
            #expect(first.fingerprint == second.fingerprint)
            #expect(first.failure == second.failure)
        }
    }

    /// A byte that the network changes is found, so a wrong byte of the worker would be.
    @Test func wrongByteIsFound() throws {
        let runs = try SimulationRuns()
        let found = try (1...30 as ClosedRange<UInt64>).filter {
            try runs.run($0, corruptions: 1000).failure != nil
        }
        #expect(found.count > 25)
    }
}

/// The plans and the record that several runs share.
private struct SimulationRuns {
    let plans = Plans()
    let record: WorkerRecord
    var isTraced = false

    init(isTraced: Bool = false) throws {
        record = try WorkerRecords().open()
        self.isTraced = isTraced
    }

    func run(
        _ seed: UInt64, corruptions: Int32 = 0
    ) throws -> (failure: String?, fingerprint: UInt64) {
        let simulation = try Simulation(seed: seed, plans: plans, isTraced: isTraced)
        simulation.corruptions = corruptions
        let failure = try simulation.run(records: record)
        return (failure, simulation.fingerprint)
    }
}
