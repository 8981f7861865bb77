import Foundation
import Testing

/// Imports point down only, and no large library is linked.
@Suite struct LayerTests {
    /// The modules that each target may import: those below it.
    private static let below: [String: Set<String>] = [
        "HTTP": [],
        "Configuration": [],
        "Linux": ["CLinux"],
        "Reactor": ["Linux", "CLinux"],
        "Files": ["HTTP", "Linux", "CLinux", "CZlib", "CPCRE2", "CCrypt", "CMD"],
        "Server": ["HTTP", "Configuration", "Linux", "Reactor", "Files", "CLinux"],
        "apus": ["Server", "Configuration", "Linux", "CLinux"],
    ]

    /// The targets that may import the C library, since they make system calls.
    private static let withSystemCalls: Set = ["Linux", "Reactor", "Files", "Server", "apus"]

    @Test func sourcesAreFound() {
        #expect(SourceFile.swiftSources.count >= Self.below.count)
        #expect(Set(SourceFile.swiftSources.map(\.target)) == Set(Self.below.keys))
    }

    @Test(arguments: SourceFile.swiftSources)
    func importsPointDownwards(file: SourceFile) throws {
        let allowed = try #require(Self.below[file.target], "a target that is not in the house")
        for line in file.code where line.contains("import ") {
            let words = line.split(separator: " ").map(String.init)
            guard let place = words.firstIndex(of: "import"),
                words[..<place].allSatisfy({ ["public", "package", "internal"].contains($0) })
            else { continue }
            // `import struct Module.Name` names the module second.
            let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let next = words[place + 1]
            let named = kinds.contains(next) ? words[place + 2] : next
            let module = named.components(separatedBy: ".")[0]
            let isLibrary = module == "Glibc" && Self.withSystemCalls.contains(file.target)
            #expect(allowed.contains(module) || isLibrary, "\(file.path) imports \(module)")
        }
    }

    private static let heavy = [
        "Foundation", "FoundationEssentials", "Dispatch", "DispatchQueue", "_Concurrency",
        "Synchronization", "pthread_create", "thrd_create", "async", "await", "Task",
    ]

    @Test(arguments: SourceFile.swiftSources + SourceFile.cSources)
    func noThreadsAndNoFoundation(file: SourceFile) {
        for (index, line) in file.code.enumerated() {
            let words = Set(
                line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
            let found = words.intersection(Self.heavy)
            #expect(found.isEmpty, "\(file.path):\(index + 1): \(found)")
        }
    }

    @Test(arguments: SourceFile.swiftSources)
    func noMutableGlobals(file: SourceFile) {
        for (index, line) in file.code.enumerated() {
            let isGlobal = ["var ", "public var ", "package var ", "nonisolated(unsafe) var "]
                .contains { line.hasPrefix($0) }
            // A computed variable stores nothing.
            let isStored = isGlobal && !line.hasSuffix("{") && !line.contains("{ ")
            let isStatic = line.contains("static var ") && line.contains(" = ")
            #expect(!isStored && !isStatic, "\(file.path):\(index + 1): \(line)")
        }
    }
}
