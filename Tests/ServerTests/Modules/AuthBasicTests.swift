import Foundation
import Linux
import Testing

@testable import Server

@Suite final class PasswordFilesTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/apus-" + UUID().uuidString
    private let nowMs = Int64(Date().timeIntervalSince1970 * 1000)

    init() throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func write(_ text: String, _ name: String = "file") throws {
        try text.write(toFile: folder + "/" + name, atomically: false, encoding: .utf8)
    }

    /// Writes until stat(2) returns another time, since a file system's clock is coarse.
    private func writeLater(_ text: String) throws {
        func time() throws -> Date? {
            try FileManager.default.attributesOfItem(atPath: folder + "/file")[.modificationDate]
                as? Date
        }
        let before = try time()
        repeat { try write(text) } while try time() == before
    }

    private func text(_ files: inout PasswordFiles, laterMs: Int64 = 0) throws -> String {
        let path = Array((folder + "/file").utf8)
        return String(
            decoding: try files.text(of: path, nowMs: nowMs &+ laterMs), as: UTF8.self)
    }

    /// If there is no room, a new file evicts one file, not all.
    @Test func filesAreEvictedOneByOne() throws {
        var files = PasswordFiles()
        for number in 0..<PasswordFiles.maxFiles + 50 {
            try write("a:\(number)", "file-\(number)")
            let path = Array((folder + "/file-\(number)").utf8)
            let text = try files.text(of: path, nowMs: nowMs &+ 3_600_000)
            #expect(String(decoding: text, as: UTF8.self) == "a:\(number)")
            #expect(files.count == min(number + 1, PasswordFiles.maxFiles))
        }
    }

    /// Even if changes follow each other at once, and the file has the same size.
    @Test func changeIsSeenAtOnce() throws {
        var files = PasswordFiles()
        for round in 0..<200 {
            try write("a:\(round % 2)")
            #expect(try text(&files, laterMs: Int64(round)) == "a:\(round % 2)")
        }
        // A file with a modification time in the future is cached, and compared by stat(2).
        for round in 0..<20 {
            try writeLater("a:\(1000 + round)")
            #expect(try text(&files, laterMs: 3_600_000) == "a:\(1000 + round)")
            #expect(try text(&files, laterMs: 3_600_000) == "a:\(1000 + round)")
        }
    }

    @Test func replacedFileIsSeen() throws {
        var files = PasswordFiles()
        try write("a:1")
        #expect(try text(&files, laterMs: 3_600_000) == "a:1")
        try write("a:2", "other")
        try FileManager.default.removeItem(atPath: folder + "/file")
        try FileManager.default.moveItem(atPath: folder + "/other", toPath: folder + "/file")
        #expect(try text(&files, laterMs: 3_600_000) == "a:2")
    }

    @Test func unreadableFileIsReported() throws {
        var files = PasswordFiles()
        let missing = #expect(throws: PasswordFiles.Failure.self) { try self.text(&files) }
        #expect(missing?.call == "open()")
        #expect(missing?.code == Errno.noEntry)
        let path = Array(folder.utf8)
        let directory = #expect(throws: PasswordFiles.Failure.self) {
            try files.text(of: path, nowMs: 0)
        }
        #expect(directory?.call == "pread()")
        try write("a:1")
        #expect(try text(&files, laterMs: 3_600_000) == "a:1")
        try FileManager.default.removeItem(atPath: folder + "/file")
        #expect(throws: PasswordFiles.Failure.self) { try self.text(&files, laterMs: 3_600_000) }
    }
}

@Suite struct VerifiedPasswordsTests {
    private func pair(
        _ table: inout VerifiedPasswords, _ password: String, _ hash: String
    ) -> PasswordPair {
        let (password, hash) = (Array(password.utf8), Array(hash.utf8))
        return table.pair(password.span, hash.span)
    }

    @Test func verifiedPasswordExpires() {
        var table = VerifiedPasswords()
        let right = pair(&table, "secret", "hash")
        #expect(!table.contains(right, nowMs: 1000))
        table.remember(right, nowMs: 1000)
        #expect(table.contains(pair(&table, "secret", "hash"), nowMs: 1000))
        #expect(table.contains(right, nowMs: 60_999))
        #expect(!table.contains(right, nowMs: 61_000))
    }

    @Test func passwordIsBoundToHash() {
        var table = VerifiedPasswords()
        let pairs = [("ab", "c"), ("a", "bc"), ("b", "ca"), ("", "abc"), ("abc", "")]
            .map { pair(&table, $0.0, $0.1) }
        #expect(Set(pairs).count == pairs.count)
        table.remember(pairs[0], nowMs: 0)
        for other in pairs.dropFirst() { #expect(!table.contains(other, nowMs: 1)) }
    }

    @Test func tablesHaveOwnSecrets() {
        var first = VerifiedPasswords()
        var second = VerifiedPasswords()
        #expect(pair(&first, "a", "b") != pair(&second, "a", "b"))
    }

    @Test func tableIsBounded() {
        var table = VerifiedPasswords()
        let pairs = (0..<10_000).map { pair(&table, "\($0)", "hash") }
        for pair in pairs { table.remember(pair, nowMs: 0) }
        let kept = pairs.filter { table.contains($0, nowMs: 1) }
        #expect(kept.count <= VerifiedPasswords.capacity)
        #expect(kept.count > VerifiedPasswords.capacity / 2)
        #expect(table.contains(pairs[9999], nowMs: 1))
    }
}
