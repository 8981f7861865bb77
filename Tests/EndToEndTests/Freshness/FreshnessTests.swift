import Foundation
import Glibc
import Testing

/// A response to a request sent after a change includes the change: for every kind of change, on
/// every worker, on open and new connections, and behind another request in a pipeline.
///
/// `APUS_FRESHNESS_ROUNDS` is the number of changes of each kind.
@Suite(.serialized) struct FreshnessTests {
    private static func rounds(_ usual: Int) -> Int {
        ProcessInfo.processInfo.environment["APUS_FRESHNESS_ROUNDS"].flatMap { Int($0) } ?? usual
    }

    /// Makes changes while the server is busy, and expects that no response is stale.
    private func expectFresh(
        _ server: TestServer, rounds: Int, reloadEvery: Int? = nil
    ) throws -> FreshnessRun {
        let run = try FreshnessRun(server, reloadEvery: reloadEvery)
        defer { run.finish() }
        let load = try FreshnessServer.load(server)
        defer { load.end() }
        try run.run(rounds: rounds)
        #expect(load.isRunning, "the busy connections ended: \(load.errorOutput)")
        let sum = FreshnessTally.sum(run.tallies)
        print(
            "freshness: \(sum.changes) changes, \(sum.responses) responses, \(sum.stale) stale, "
                + "\(sum.wrong) wrong; \(run.workers.count) workers responded")
        #expect(sum.stale == 0 && sum.wrong == 0, "\(sum.examples)")
        #expect(sum.responses > 7 * sum.changes)
        return run
    }

    @Test func requestAfterChangeSeesIt() throws {
        let run = try expectFresh(try FreshnessServer.start(), rounds: Self.rounds(80))
        #expect(run.workers.count == 2)
        #expect(run.workers.allSatisfy { run.freshOf[$0, default: 0] > 0 }, "\(run.freshOf)")
        // Both workers had the variant before nearly every change of those kinds.
        let compressedBefore = ChangeKind.all.count(where: \.isCompressedBefore)
        #expect(
            run.compressedResponses > compressedBefore * Self.rounds(80),
            "\(run.compressedResponses)")
    }

    @Test func requestAfterChangeSeesItOnTmpfs() throws {
        let server = try FreshnessServer.start(parent: "/dev/shm")
        _ = try expectFresh(server, rounds: Self.rounds(20))
    }

    @Test func requestAfterChangeSeesItDuringReloads() throws {
        let server = try FreshnessServer.start()
        let run = try expectFresh(server, rounds: Self.rounds(20), reloadEvery: 20)
        #expect(run.reloads >= 20)
        #expect(run.workers.count > 10, "workers that responded: \(run.workers.count)")
    }

    @Test(.enabled(if: FreshnessServer.canLimitWatches, "needs a user namespace"))
    func requestAfterChangeSeesItWithTenWatches() throws {
        let server = try FreshnessServer.start(fewWatches: true)
        _ = try expectFresh(server, rounds: Self.rounds(20))
    }

    /// Makes the same changes with nginx: without its cache, to show that the test is right, and
    /// with it, to show that the test finds stale responses.
    @Test(.enabled(if: NginxPeer.isThere, "needs nginx"))
    func freshnessComparedWithNginx() throws {
        let rounds = Self.rounds(4)
        let cached =
            "open_file_cache max=10000 inactive=60s; open_file_cache_min_uses 1;"
            + "open_file_cache_errors on; open_file_cache_valid"
        let columns = try [
            FreshnessColumn("apus", Product.binary, "", rounds),
            FreshnessColumn("nginx, no cache", NginxPeer.binary, "", rounds),
            FreshnessColumn("nginx, valid 1 s", NginxPeer.binary, cached + " 1s;", rounds),
            FreshnessColumn("nginx, valid 60 s", NginxPeer.binary, cached + " 60s;", rounds),
        ]
        print(FreshnessColumn.table(columns))
        for column in columns.prefix(2) {
            let sum = FreshnessTally.sum(column.tallies)
            #expect(sum.stale == 0 && sum.wrong == 0, "\(column.name): \(sum.examples)")
        }
        for column in columns.suffix(2) {
            #expect(FreshnessTally.sum(column.tallies).stale > 0, "\(column.name)")
        }
        if ProcessInfo.processInfo.environment["APUS_WRITE_DOCS"] != nil {
            try FreshnessColumn.write(columns)
        }
    }
}
