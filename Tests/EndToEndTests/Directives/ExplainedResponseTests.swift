import Foundation
import Testing

/// Compares the response that `apus explain` shows with the served one, for the requests of all
/// tables.
@Suite(.enabled(if: Product.isApus)) struct ExplainedResponseTests {
    @Test(arguments: CaseRow.explained)
    func explainedResponseEqualsServedOne(row: CaseRow) throws {
        let transcript = try Transcripts.apus.transcript(of: row)
        let asked = row.one.steps.indices.filter { row.one.steps[$0].explainArguments != nil }
        // Each run reads the configuration of a hundred cases, so only the first and the last
        // request are explained.
        for index in Set([asked.first, asked.last].compactMap(\.self)).sorted() {
            let step = row.one.steps[index]
            guard let arguments = step.explainArguments else { continue }
            try compare(transcript.outcomes[index], transcript.place, step, arguments)
        }
    }

    private func compare(
        _ served: Transcript.Received, _ place: CasePlace, _ step: Step, _ arguments: [String]
    ) throws {
        let directory = URL(fileURLWithPath: place.directory).deletingLastPathComponent().path
        let options = [
            "explain", "-p", directory, "-c", directory + "/test.conf", "-e",
            directory + "/error.log",
        ]
        let result = try run(Product.binary, options + arguments.map(place.fill))
        #expect(result.exit == .code(0), "\(arguments): \(result.error)")
        let blocks = result.output.components(separatedBy: "\n\n")
        switch served {
        case .failure(let text): Issue.record("\(arguments): \(text)")
        case .nothing:
            // A connection closed for lack of a PROXY protocol header gets one here.
            let isClosed = blocks.last?.hasPrefix("no response: the connection is closed") == true
            let hasProxy = result.output.contains("\nPROXY protocol header: ")
            #expect(isClosed != hasProxy, "\(result.output)")
        case .received(let response, _):
            let head = try #require(
                blocks.first { $0.hasPrefix("HTTP/1.1 ") }, "\(arguments): \(result.output)")
            let explained = try Response(head: head.replacingOccurrences(of: "\n", with: "\r\n"))
            // An explaining worker caches nothing.
            let ignored =
                step.ignored
                + (ResponseComparison.isFromMemory(response)
                    ? ["content-length", "transfer-encoding"] : [])
            #expect(
                explained.status == response.status && explained.reason == response.reason
                    && ResponseComparison.haveEqualFields(
                        (explained, place), (response, place), ignoring: ignored),
                """
                \(arguments): served
                \(ResponseComparison.describe(response, place))
                explained
                \(result.output)
                """)
        }
    }

    /// An empty run must not pass.
    @Test func manyCasesAreExplained() {
        let steps = CaseRow.explained.flatMap(\.one.steps).filter { $0.explainArguments != nil }
        #expect(steps.count >= 100)
    }
}

extension CaseRow {
    fileprivate static let explained = all.filter { row in
        row.one.refusal == nil && !row.isOfOtherRequests
            && row.one.steps.contains { $0.explainArguments != nil }
    }

    /// True if the response depends on other requests, or on the kernel's data about the
    /// connection.
    private var isOfOtherRequests: Bool {
        let directives = Set(one.directives)
        return directives.contains { $0.hasPrefix("limit_req") }
            || !directives.isDisjoint(with: ["stub_status", "gzip_cache"])
            || key == "peers/listen: variables of the kernel's connection"
    }
}

extension Step {
    /// The arguments for the same request; nil if it depends on an earlier one, has a body, or
    /// cannot be written as a URL.
    fileprivate var explainArguments: [String]? {
        guard !isOnSameConnection, case .request(let method, let target, let fields, "") = sent,
            target.hasPrefix("/"), target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }),
            method.utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A }),
            fields.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }),
            fields.allSatisfy({ !$0.hasPrefix(":") && $0.contains(":") && !$0.hasSuffix(":") })
        else { return nil }
        let names = fields.map { $0.lowercased() }
        let hasHost = names.contains { $0.hasPrefix("host:") }
        let all = (hasHost ? [] : ["Host: localhost"]) + fields
        let port = self.port == 1 ? "{port}" : "{port\(self.port)}"
        return [method, "http://127.0.0.1:\(port)\(target)"] + all.flatMap { ["-H", $0] }
    }
}
