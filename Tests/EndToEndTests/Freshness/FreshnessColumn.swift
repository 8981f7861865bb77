import Foundation

/// A server in the comparison table.
struct FreshnessColumn {
    let name: String
    let tallies: [FreshnessTally]

    init(_ name: String, _ binary: String, _ http: String, _ rounds: Int) throws {
        let server = try FreshnessServer.start(binary, http: http)
        let run = try FreshnessRun(server)
        defer { run.finish() }
        let load = try FreshnessServer.load(server)
        defer { load.end() }
        try run.run(rounds: rounds)
        self.name = name
        tallies = run.tallies
    }

    /// Returns the table of stale and wrong responses for each kind of change.
    static func table(_ columns: [FreshnessColumn]) -> String {
        let names = columns[0].tallies.map(\.name)
        var rows = [["change"] + columns.map(\.name), ["---"] + columns.map { _ in "---:" }]
        for (index, name) in names.enumerated() {
            rows.append([name] + columns.map { cell($0.tallies[index]) })
        }
        let sums = columns.map { FreshnessTally.sum($0.tallies) }
        rows.append(["**all**"] + sums.map { "**\(cell($0))**" })
        rows.append(["changes"] + sums.map { "\($0.changes)" })
        return rows.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    private static func cell(_ tally: FreshnessTally) -> String {
        let wrong = tally.wrong > 0 ? " + \(tally.wrong)" : ""
        return "\(tally.stale)\(wrong) of \(tally.responses)"
    }

    /// Writes docs/freshness.md.
    static func write(_ columns: [FreshnessColumn]) throws {
        let text = """
            # How often an answer is older than the file

            Made by `make freshness`, which is
            [FreshnessTests](../Tests/EndToEndTests/Freshness/FreshnessTests.swift) with more
            rounds. Something is changed, and what was sent after the system call of the change had
            returned is compared with what the disk says: status, bytes, length, Last-Modified and
            ETag. Asked are both workers, over connections that were open and behind an earlier
            request in a pipeline whose second half was sent after the change; a new connection;
            and, with the tag of the version before, a conditional request.
            \(FreshnessServer.busyConnections) other connections ask for the same files meanwhile.
            A file rests for 30 ms or more between two changes, and what is asked at the end of its
            rest counts, too.

            A cell is the number of stale answers of all; behind a + those that no version ever
            had, as new bytes with an old length, or that did not come whole. nginx
            (\(NginxPeer.version)) runs without a cache, and with
            `open_file_cache max=10000 inactive=60s`, `open_file_cache_errors on` and
            `open_file_cache_valid` as given.

            \(table(columns))

            """
        let path = Product.repository + "/docs/freshness.md"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
