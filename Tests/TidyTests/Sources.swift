import Foundation
import Testing

/// A source file of the package, as lines of text.
struct SourceFile: CustomTestStringConvertible {
    /// The path, relative to the package, as in "Sources/HTTP/Status.swift".
    let path: String
    let lines: [String]

    var testDescription: String { path }

    /// The target of the file.
    var target: String { path.components(separatedBy: "/")[1] }

    /// The lines without string literals and comments. Simple on purpose: the sources are
    /// formatted, so no parser is needed.
    let code: [String]

    /// The directory of the package.
    static let root = #filePath.components(separatedBy: "/Tests/TidyTests/")[0]

    init(path: String) throws {
        self.path = path
        let text = try String(contentsOfFile: Self.root + "/" + path, encoding: .utf8)
        lines = text.components(separatedBy: "\n")
        code = Self.stripped(lines)
    }

    /// Returns all files below `directory` with one of the endings.
    static func all(below directory: String, endings: [String]) -> [SourceFile] {
        let walk = FileManager.default.enumerator(atPath: root + "/" + directory)
        let names = (walk?.allObjects as? [String]) ?? []
        return names.sorted().filter { name in endings.contains { name.hasSuffix($0) } }
            .compactMap { try? SourceFile(path: directory + "/" + $0) }
    }

    static let swiftSources = all(below: "Sources", endings: [".swift"])
    static let cSources = all(below: "Sources", endings: [".c", ".h"])
    static let tests = all(below: "Tests", endings: [".swift"])
    static let everything = swiftSources + cSources + tests

    private static func stripped(_ lines: [String]) -> [String] {
        var isInLongString = false
        return lines.map { line in
            let parts = line.components(separatedBy: "\"\"\"")
            let startsInString = isInLongString
            if parts.count % 2 == 0 { isInLongString.toggle() }
            if startsInString { return parts.count > 1 ? parts[parts.count - 1] : "" }
            return withoutStringsAndComment(parts[0])
        }
    }

    private static func withoutStringsAndComment(_ line: String) -> String {
        var result = ""
        var isInString = false
        var previous: Character = " "
        for character in line {
            if character == "\"" && previous != "\\" {
                isInString.toggle()
            } else if !isInString {
                if character == "/" && previous == "/" {
                    result.removeLast()
                    break
                }
                result.append(character)
            }
            previous = previous == "\\" && character == "\\" ? " " : character
        }
        return result
    }
}
