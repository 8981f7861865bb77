import Foundation
import Testing

/// Runs the checks of the fuzzers on every file of the corpus, so that fixed faults stay fixed and
/// covered code stays covered.
@Suite struct CorpusTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Corpus")

    @Test(arguments: Fuzzer.all.map(\.name))
    func corpusReplaysWithoutViolation(name: String) throws {
        let fuzzer = try #require(Fuzzer.all.first { $0.name == name })
        let files = try FileManager.default.contentsOfDirectory(
            at: Self.directory.appending(path: name), includingPropertiesForKeys: nil)
        for file in files {
            let bytes = [UInt8](try Data(contentsOf: file))
            do {
                try fuzzer.check(bytes.span)
            } catch {
                Issue.record("\(name)/\(file.lastPathComponent): \(error)")
            }
        }
        #expect(!files.isEmpty, "there is no corpus")
        print("fuzz corpus: \(files.count) files of \(name) replayed")
    }

    /// A directory without a fuzzer would look tested.
    @Test func everyFolderHasAFuzzer() throws {
        let directories = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path)
        #expect(directories.sorted() == Fuzzer.all.map(\.name).sorted())
    }

    /// The corpus is cloned with the sources, so it stays small.
    @Test func corpusIsSmall() throws {
        var size = 0
        for name in Fuzzer.all.map(\.name) {
            let files = try FileManager.default.contentsOfDirectory(
                at: Self.directory.appending(path: name), includingPropertiesForKeys: nil)
            for file in files { size += try Data(contentsOf: file).count }
        }
        #expect(size < 300_000)
    }

    /// The checks can fail.
    @Test func violationsAreThrown() {
        #expect(throws: Violation.self) { try require(false, "as it should") }
    }
}
