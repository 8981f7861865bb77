import Foundation
import Testing

/// The rules of CONTRIBUTING.md that can be checked by reading source text.
@Suite struct ShapeTests {
    @Test(arguments: SourceFile.everything)
    func linesAreShort(file: SourceFile) {
        for (index, line) in file.lines.enumerated() {
            #expect(line.count <= 100, "\(file.path):\(index + 1) has \(line.count) columns")
            let last = line.last ?? "x"
            #expect(last != " " && last != "\t", "\(file.path):\(index + 1) ends in a blank")
        }
    }

    @Test(arguments: SourceFile.everything)
    func noMarkersAreLeft(file: SourceFile) {
        // In two halves, so that this file obeys its own rule.
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"]
        for (index, line) in file.lines.enumerated() {
            #expect(!marks.contains { line.contains($0) }, "\(file.path):\(index + 1): \(line)")
        }
    }

    @Test(arguments: SourceFile.swiftSources + SourceFile.tests)
    func functionsAreShort(file: SourceFile) {
        for (name, start, count) in Self.functions(of: file) {
            #expect(count <= 70, "\(file.path):\(start + 1): \(name) has \(count) lines")
        }
    }

    @Test(arguments: SourceFile.swiftSources)
    func publicDeclarationsAreDocumented(file: SourceFile) {
        for (index, line) in file.code.enumerated() {
            guard Self.isPublicDeclaration(line) else { continue }
            var above = index - 1
            // Attributes, perhaps over several lines, are between the comment and the declaration.
            while above >= 0, Self.isAttribute(file.lines[above]) { above -= 1 }
            let comment = above >= 0 ? file.lines[above].trimmingCharacters(in: .whitespaces) : ""
            #expect(comment.hasPrefix("///"), "\(file.path):\(index + 1): \(line)")
        }
    }

    /// Swift reads the command line from /proc, which may not be mounted; `programArguments()` does
    /// not.
    @Test(arguments: SourceFile.swiftSources)
    func commandLineIsNotReadFromProc(file: SourceFile) {
        for name in ["arguments", "unsafeArgv", "argc"] {
            #expect(!file.code.contains { $0.contains("CommandLine." + name) }, "\(file.path)")
        }
    }

    /// Unit tests that are not beside one source file, and their subjects.
    private static let otherTests = [
        "ServerTests/HostileMemoryTests": "all memory that less privileged processes write",
        "ServerTests/Limits/HostileZoneTests": "zones that such a process overwrites",
        "ServerTests/RealConfigurationsTests": "whole configurations",
        "ServerTests/SymlinkPolicyTests": "disable_symlinks, in Server and in Linux",
        "FilesTests/WatchTests": "a file of Linux, which has no test target",
        "HTTPTests/RequestParserSplitTests": "the parser with random requests",
        "HTTPTests/StrictRequestTests": "strict_requests, in several files",
        "ReactorTests/EngineLimitTests": "all engines, in processes of their own",
        "ReactorTests/SlotsTests": "a file of Linux",
    ]

    /// A unit test has the name of its source file, in a folder of the same name.
    @Test func unitTestsAreBesideTheirSubjects() {
        let modules = Set(SourceFile.swiftSources.map(\.target))
        let sources = Set(SourceFile.swiftSources.map(\.path))
        var others = Set(Self.otherTests.keys)
        for file in SourceFile.tests where file.path.hasSuffix("Tests.swift") {
            let module = String(file.target.dropLast("Tests".count))
            let name = String(file.path.dropFirst("Tests/".count).dropLast(".swift".count))
            guard modules.contains(module), others.remove(name) == nil else { continue }
            let subject =
                "Sources/" + module + name.dropFirst(file.target.count).dropLast("Tests".count)
                + ".swift"
            let exists = sources.contains(subject)
            #expect(exists, "\(file.path): there is no \(subject)")
        }
        #expect(others.isEmpty)
    }

    @Test func checkerFindsLongFunctions() throws {
        let file = try SourceFile(path: "Tests/TidyTests/ShapeTests.swift")
        let found = Self.functions(of: file)
        let this = try #require(found.first { $0.name.contains("checkerFindsLongFunctions") })
        #expect(this.count == 7)
        #expect(found.count >= 8)
    }

    private static func isPublicDeclaration(_ line: String) -> Bool {
        let trimmed = line.trimmingCharacters(in: .whitespaces)
        guard trimmed.hasPrefix("public ") || trimmed.hasPrefix("open ") else { return false }
        let kinds = [
            "func ", "var ", "let ", "struct ", "class ", "enum ", "protocol ", "init", "subscript",
            "typealias ", "case ",
        ]
        return kinds.contains { trimmed.contains($0) }
            && !trimmed.contains("extension ") && !trimmed.contains("import ")
    }

    private static func isAttribute(_ line: String) -> Bool {
        let trimmed = line.trimmingCharacters(in: .whitespaces)
        return trimmed.hasPrefix("@") || trimmed.hasPrefix("#if") || trimmed.hasPrefix("#endif")
    }

    /// The functions of a formatted file: from the line of `func` or `init` to the line of the
    /// brace that closes at the same depth.
    private static func functions(
        of file: SourceFile
    ) -> [(name: String, start: Int, count: Int)] {
        var found: [(name: String, start: Int, count: Int)] = []
        for (index, line) in file.code.enumerated() {
            let words = line.trimmingCharacters(in: .whitespaces)
            let isFunction =
                (" " + words).contains(" func ") || words.hasPrefix("init(")
                || words.contains(" init(") || words.hasPrefix("deinit")
            guard isFunction else { continue }
            let indentation = String(line.prefix { $0 == " " })
            let end = file.code[index...].firstIndex { $0 == indentation + "}" }
            // A function without a body of its own ends before the next line at its depth.
            let next = file.code[(index + 1)...].firstIndex {
                $0.hasPrefix(indentation) && !$0.hasPrefix(indentation + " ")
                    && !$0.hasPrefix(indentation + ")") && $0 != indentation
            }
            if let end, let next, end <= next { found.append((words, index, end - index + 1)) }
        }
        return found
    }
}
