import Foundation
import Testing

/// The tests that SECURITY.md names exist.
@Suite struct SecurityPageTests {
    /// Returns the suites, tables and functions between backquotes in a table row. A function
    /// without a suite belongs to the one before it.
    private static func names(in row: String) -> [(suite: String, function: String?)] {
        var names: [(suite: String, function: String?)] = []
        for (index, word) in row.components(separatedBy: "`").enumerated() where index % 2 == 1 {
            let parts = word.components(separatedBy: ".")
            if parts[0].hasSuffix("Tests") || parts[0].hasSuffix("Cases") {
                names.append((parts[0], parts.count > 1 ? parts[1] : nil))
            } else if let suite = names.last?.suite {
                names.append((suite, parts[0]))
            }
        }
        return names.filter { !$0.suite.contains("…") }
    }

    @Test func namedTestsExist() throws {
        let page = try SourceFile(path: "SECURITY.md")
        let names = page.lines.filter { $0.hasPrefix("| ") }.flatMap(Self.names)
        #expect(names.count > 20)
        for (suite, function) in names {
            let file = SourceFile.tests.first { file in
                file.path.hasSuffix("/\(suite).swift")
                    || file.code.contains { $0.contains("struct \(suite)") }
            }
            guard let file else {
                Issue.record("\(suite) is no test")
                continue
            }
            guard let function else { continue }
            #expect(
                file.code.contains { $0.contains("func \(function)(") },
                "\(suite).\(function) is no test")
        }
    }
}
