import Configuration
import Foundation
import Testing

@testable import Server

/// Every directive is documented and tested.
@Suite struct DirectiveTests {
    private static let rows = DirectiveList.table.rows

    /// `make docs` sets the variable, and then this test writes the page.
    @Test func pageMatchesRows() throws {
        let path = SourceFile.root + "/docs/directives.md"
        if ProcessInfo.processInfo.environment["APUS_WRITE_DOCS"] != nil {
            try DirectivePage.text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        let written = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let isNew = written == DirectivePage.text
        #expect(isNew, "docs/directives.md is old: make docs")
    }

    @Test func nameHasOneRowPerContext() {
        var seen: [String: Contexts] = [:]
        for row in Self.rows {
            let before = seen[row.name] ?? []
            #expect(before.isDisjoint(with: row.contexts), "\(row.name) has two rows")
            seen[row.name] = before.union(row.contexts)
        }
        #expect(seen.count > 400)
    }

    @Test func rowTextsAreSentences() {
        for row in Self.rows {
            switch row.kind {
            case .implemented:
                #expect(row.summary.hasSuffix("."), "\(row.name): \(row.summary)")
                #expect(row.difference?.hasSuffix(".") ?? true, "\(row.name)")
            case .ignored:
                // It follows "Idle, because".
                let isClause = row.family != nil && !row.summary.hasSuffix(".")
                #expect(isClause, "\(row.name): \(row.summary)")
            case .refused:
                #expect(row.summary.hasSuffix(".") && row.difference != nil, "\(row.name)")
            }
        }
    }

    /// The words of all tests except these.
    private static let tested: Set<String> = Set(
        SourceFile.tests.filter { $0.target != "TidyTests" }.flatMap { file in
            file.lines.flatMap { line in
                line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
            }
        })

    @Test(arguments: rows.filter { $0.kind == .implemented }.map(\.name))
    func implementedDirectivesAreTested(name: String) {
        let isTested = Self.tested.contains(name)
        #expect(isTested, "no test has \(name)")
    }
}
