import Foundation
import Testing

/// A case with its own name in test reports.
struct CaseRow: Sendable, CustomTestStringConvertible {
    let group: String
    let one: DirectiveCase
    var key: String { group + "/" + one.name }
    var testDescription: String { key }

    static let all: [CaseRow] = DirectiveGroup.all.flatMap { group in
        group.cases.map { CaseRow(group: group.name, one: $0) }
    }
}

/// Runs the tables with apus and nginx: both respond as the rows say, and equally in everything
/// else.
@Suite struct DirectiveTests {
    @Test(.enabled(if: Product.isApus), arguments: CaseRow.all)
    func apusMatchesTable(row: CaseRow) throws {
        if row.one.refusal != nil {
            try expectRefusal(row.one, Product.binary, row.one.refusal)
            return
        }
        let transcript = try Transcripts.apus.transcript(of: row)
        for (index, step) in row.one.steps.enumerated() {
            expectNothing(
                ResponseComparison.failures(
                    of: transcript.outcomes[index], step.expected, at: transcript.place),
                "apus", step, index)
        }
        #expect(try Transcripts.apus.unexpectedCalls(of: row) == [])
    }

    @Test(.enabled(if: NginxPeer.isThere), arguments: CaseRow.asked)
    func nginxMatchesTable(row: CaseRow) throws {
        if row.one.refusal != nil {
            let said = row.one.refusalOfNginx ?? row.one.refusal
            try expectRefusal(row.one, NginxPeer.binary, said)
            return
        }
        // If apus cannot run the case, the other test reports it.
        let ours = Product.isApus ? try? Transcripts.apus.transcript(of: row) : nil
        let theirs = try Transcripts.nginx.transcript(of: row)
        for (index, step) in row.one.steps.enumerated() {
            judge(step, index, ours, theirs)
        }
    }

    /// Compares nginx's result of a step with the expectations and with that of apus.
    private func judge(_ step: Step, _ index: Int, _ ours: Transcript?, _ theirs: Transcript) {
        var expected = step.expected
        var isEqual: Bool? = true
        switch step.verdict {
        case .same: break
        case .since(let first):
            if NginxPeer.version < NginxVersion(first) { return }
        case .before(let first, let other):
            if NginxPeer.version < NginxVersion(first) {
                expected = other
                isEqual = nil
            }
        case .differs(_, let other):
            expected = other
            isEqual = false
        case .ownAddition: return
        }
        let response = theirs.outcomes[index]
        expectNothing(
            ResponseComparison.failures(of: response, expected, at: theirs.place), "nginx", step,
            index)
        guard let ours, let isEqual else { return }
        let differences = ResponseComparison.differences(
            (ours.outcomes[index], ours.place), (response, theirs.place), ignoring: step.ignored,
            isStrict: !isEqual)
        if isEqual {
            expectNothing(differences, "apus and nginx", step, index)
        } else {
            #expect(!differences.isEmpty, "step \(index + 1): nginx now responds the same")
        }
    }

    private func expectNothing(_ failures: [String], _ who: String, _ step: Step, _ index: Int) {
        let request = step.text.components(separatedBy: "\r\n")[0]
        let text = failures.joined(separator: "\n    ")
        if !failures.isEmpty {
            Issue.record("\(who), step \(index + 1), \(request):\n    \(text)")
        }
    }

    private func expectRefusal(_ one: DirectiveCase, _ binary: String, _ words: String?) throws {
        let (isAccepted, said) = try CaseServer.check(binary, one)
        if isAccepted { Issue.record("\(binary) takes it") }
        if !said.contains(words ?? "") { Issue.record("\(binary) says \(said)") }
    }

    // MARK: the tables themselves

    @Test func namesAreUnique() {
        let keys = CaseRow.all.map(\.key)
        #expect(Set(keys).count == keys.count)
        #expect(CaseRow.all.allSatisfy { $0.one.name.contains(": ") })
    }

    /// Prints the number of comparisons, so that an empty run is noticed.
    @Test(.enabled(if: NginxPeer.isThere)) func tableIsComplete() {
        let asked = CaseRow.asked
        let steps = asked.flatMap(\.one.steps)
        let excused = steps.filter { if case .differs = $0.verdict { true } else { false } }
        print(
            "Directive tables: \(CaseRow.all.count) rows; \(asked.count) of them, with "
                + "\(steps.count) requests, compared with nginx \(NginxPeer.version); "
                + "\(excused.count) responses differ as the list of differences says")
        #expect(NginxPeer.version > NginxVersion("1"))
        #expect(!asked.isEmpty)
    }
}

extension CaseRow {
    /// The rows that this version of nginx supports.
    static let asked = all.filter { $0.one.isKnown(to: NginxPeer.version) }
}
