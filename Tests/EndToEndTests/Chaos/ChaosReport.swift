import Foundation

/// The table of losses, and docs/chaos.md.
enum ChaosReport {
    static func table(_ runs: [ChaosRun]) -> String {
        var rows = [["what happens", "times"], ["---", "---:"]]
        for run in runs {
            rows[0] += [
                "\(run.name): requests", "lost, kept", "lost, new", "refused",
                "log lines missing", "slowest",
            ]
            rows[1] += Array(repeating: "---:", count: 6)
        }
        for (number, phase) in runs[0].phases.enumerated() {
            var row = [phase.name, "\(phase.rounds)"]
            for run in runs {
                row += cells(run.tallies[number], missing: "\(run.missing[number])")
            }
            rows.append(row)
        }
        for (number, end) in runs[0].ends.enumerated() {
            var row = [end.name, "1"]
            for run in runs {
                var words = cells(run.ends[number].tally, missing: "")
                words[3] = ""
                row += words
            }
            rows.append(row)
        }
        return rows.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    private static func cells(_ tally: ChaosTally, missing: String) -> [String] {
        [
            "\(tally.answered + tally.unable + tally.lostCount)"
                + (tally.unable > 0 ? " (\(tally.unable) with 500)" : ""), "\(tally.lostKeptCount)",
            "\(tally.lostNewCount)", "\(tally.refused)", missing, "\(tally.slowestMs) ms",
        ]
    }

    /// Returns a description of what was left behind.
    static func remains(_ runs: [ChaosRun]) -> String {
        runs.map { run in
            let left = run.ends.map { "\($0.processes) after \($0.name)" }.joined(separator: ", ")
            return "- \(run.name): \(run.descriptors) descriptors of the master and "
                + "\(run.memoryKiB) KiB more than before; processes left: \(run.processes) after "
                + "all of it, \(left); \(run.doubled) log lines twice, "
                + "\(run.misplaced) logs with lines after their time"
        }.joined(separator: "\n")
    }

    static func write(_ runs: [ChaosRun]) throws {
        let text = """
            # Everything at the wrong moment

            Made by `make chaos`, which is
            [ChaosTests](../Tests/EndToEndTests/Chaos/ChaosTests.swift) with more of everything.
            \(ChaosClients.kept) clients that keep their connections and \(ChaosClients.fresh) that
            make one for each request ask without a pause and check every byte, beside eight
            connections of wrk, while things happen to a server with two workers (64 connections
            each). After each kind of thing it is set back to two workers by one more reload, which
            counts with it. A request is lost when its connection was made and no whole answer came;
            nothing is asked twice, though a client may where it kept the connection (RFC 9112,
            9.3.1). A line is missing when a request was answered that no log has. nginx is Debian's
            (\(NginxPeer.version)).

            \(table(runs))

            What is lost with a killed worker was under way on that one's own connections. Where the
            connections are used up, those that have waited longest for their next request are
            closed. At the server's end, connections that are refused afterwards are not counted.

            \(remains(runs))

            """
        let path = Product.repository + "/docs/chaos.md"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
