import Foundation
import Testing

/// Every directive has a row in the tables of Tests/EndToEndTests/Directives: the name of a case
/// begins with the directives that it tests.
@Suite struct DirectiveTableTests {
    /// The directives, from the rows in Sources/Server/Directives and Modules.
    private static let directives: Set<String> = names(
        matching:
            #"(?:\.(?:row|setting|flag|text|integer|milliseconds|seconds|size|offset|choice|block|"#
            + #"rawBlock)|Entry)\(\s*"(\w+)",\s*(?:in:|[\[.])"#,
        in: ["Directives", "Modules"].flatMap {
            SourceFile.all(below: "Sources/Server/\($0)", endings: [".swift"])
        })

    /// The directives that the names of cases contain.
    private static let tested: Set<String> = Set(
        names(
            matching: #"DirectiveCase\(\s*"([\w, ]+): "#,
            in: SourceFile.all(below: "Tests/EndToEndTests/Directives", endings: ["Cases.swift"])
        ).flatMap { $0.components(separatedBy: ", ") })

    private static func names(matching pattern: String, in files: [SourceFile]) -> Set<String> {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
        var found: Set<String> = []
        for file in files {
            let text = file.lines.joined(separator: "\n")
            let all = NSRange(text.startIndex..., in: text)
            for match in expression.matches(in: text, range: all) {
                guard let range = Range(match.range(at: 1), in: text) else { continue }
                found.insert(String(text[range]))
            }
        }
        return found
    }

    @Test func everyDirectiveHasACase() {
        #expect(Self.directives.count >= 100)
        let untested = Self.directives.subtracting(Self.tested).sorted()
        #expect(untested.isEmpty, "no case in Tests/EndToEndTests/Directives begins with these")
    }
}
