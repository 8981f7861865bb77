import Foundation

/// The results of a server.
public struct Report: Sendable {
    /// The failing cases, with the reasons.
    public let failures: [String: String]

    /// Runs all cases that apply to the server, several at a time.
    public init(_ target: Target, isStrict: Bool) throws {
        let runner = try Runner(target)
        let cases = Group.cases.filter { $0.isAsked(isStrict: isStrict) }
        let results = Results()
        let workers = (0..<12).map { first in
            let thread = Thread {
                for index in stride(from: first, to: cases.count, by: 12) {
                    results.note(cases[index].name, runner.failure(of: cases[index]))
                }
                results.end()
            }
            thread.start()
            return thread
        }
        results.wait(for: workers.count)
        failures = results.failures
    }

    /// Returns the passed and total number of cases, as "3/4".
    func score(_ cases: [Case]) -> String {
        "\(cases.filter { failures[$0.name] == nil }.count)/\(cases.count)"
    }

    private final class Results: @unchecked Sendable {
        private let condition = NSCondition()
        private var ended = 0
        private(set) var failures: [String: String] = [:]

        func note(_ name: String, _ failure: String?) {
            guard let failure else { return }
            condition.lock()
            failures[name] = failure
            condition.unlock()
        }

        func end() {
            condition.lock()
            ended += 1
            condition.signal()
            condition.unlock()
        }

        func wait(for count: Int) {
            condition.lock()
            while ended < count { condition.wait() }
            condition.unlock()
        }
    }
}

extension Case {
    /// True if the case applies to a server.
    public func isAsked(isStrict: Bool) -> Bool {
        strictness == .either || (strictness == .on) == isStrict
    }
}

/// The page that compares servers.
public enum Comparison {
    /// Returns the page for the reports of several servers.
    public static func page(_ reports: [(name: String, isStrict: Bool, report: Report)]) -> String {
        var text = """
            <!-- Made by `make conformance-docs`. -->
            # Conformance

            Each case consists of bytes to send and rules for the response, with the section of RFC
            9110 or 9112 that it tests. The first table counts the MUST and SHOULD requirements that
            apply to a file server; cases for `strict_requests` run with apus if it is on, and with
            all other servers. The second table counts promises of apus where the RFCs leave a
            choice: nginx's response, or the safer one.

            `make conformance TARGET=host:port` runs the cases against any server. Its document root
            must be what `swift run conformance-tool --make-site DIR` writes: `DIR/site`, and
            `DIR/second` for the host `second.test`. `STRICT=--strict` includes the cases for
            `strict_requests`.

            """
        for level in ["MUST and SHOULD", "Promises"] {
            text += "\n## \(level)\n\n| |" + reports.map { " \($0.name) |" }.joined()
            text += "\n|---|" + reports.map { _ in "---:|" }.joined() + "\n"
            let isRule = level != "Promises"
            for group in Group.all + [Group(title: "**all**", cases: Group.cases)] {
                let cases = group.cases.filter { ($0.level != .house) == isRule }
                let scores = reports.map { one in
                    one.report.score(cases.filter { $0.isAsked(isStrict: one.isStrict) })
                }
                text += "| \(group.title) |" + scores.map { " \($0) |" }.joined() + "\n"
            }
        }
        for one in reports {
            text += "\n## Failures of \(one.name)\n\n" + list(one.report)
        }
        return text
    }

    private static func list(_ report: Report) -> String {
        let failing = Group.cases.filter { report.failures[$0.name] != nil }
        guard !failing.isEmpty else { return "None.\n" }
        return failing.map { one in
            let name = one.name.replacingOccurrences("|", "\\|")
            return "- \(one.level.rawValue), \(one.citation): \(name)\n"
        }.joined()
    }
}
