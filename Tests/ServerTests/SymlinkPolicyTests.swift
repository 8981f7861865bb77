import Foundation
import Glibc
import Linux
import Testing

@testable import Server

/// disable_symlinks: the component from which links are checked, and those that are refused.
@Suite final class SymlinkPolicyTests {
    @Test(arguments: [
        ("/a/b/c", "/a", 2), ("/a/b/c", "/a/", 2), ("/a/b/c", "/a/b", 4), ("/a/b/c", "/a/b/c", 6),
        ("/a/b/c", "/a/bb", 0), ("/a/bb/c", "/a/b", 0), ("/a/b/c", "", 0), ("/a/b", "/a/b/c", 0),
        ("/a/b/c", "/", 0), ("/a/b/c", "b", 0),
    ])
    func uncheckedPartIsWholeNames(path: String, part: String, count: Int) {
        #expect(
            SymlinkChecks.uncheckedPrefix(of: Array(path.utf8).span, from: Array(part.utf8).span)
                == count)
    }

    private let directory = NSTemporaryDirectory() + "apus-links-\(UUID().uuidString)"

    private init() throws {
        let files = FileManager.default
        try files.createDirectory(atPath: directory + "/in/deep", withIntermediateDirectories: true)
        try Data("text".utf8).write(to: URL(fileURLWithPath: directory + "/in/deep/file"))
        try files.createSymbolicLink(
            atPath: directory + "/way", withDestinationPath: directory + "/in")
        try files.createSymbolicLink(
            atPath: directory + "/in/link", withDestinationPath: directory + "/in/deep/file")
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// Returns errno(3), or 0 if the path can be opened.
    private func open(_ name: String, trusted: String = "", _ test: SymlinkPolicy) -> Int32 {
        let path = Array((directory + "/" + name).utf8)
        let count = trusted.isEmpty ? directory.utf8.count : (directory + "/" + trusted).utf8.count
        switch openChecked(path.span, trusted: count, test: test) {
        case .success(let descriptor):
            _ = Descriptor(owning: descriptor)
            return 0
        case .failure(let error): return error.code
        }
    }

    @Test func linksAreRefused() throws {
        #expect(open("in/deep/file", .refuseAll) == 0)
        #expect(open("in/deep/", .refuseAll) == 0)
        #expect(open("in/link", .refuseAll) == ELOOP)
        #expect(open("way", .refuseAll) == ELOOP)
        #expect(open("way/", .refuseAll) == ENOTDIR)
        #expect(open("way/deep/file", .refuseAll) == ENOTDIR)
        #expect(open("way/deep/file", trusted: "way", .refuseAll) == 0)
        #expect(open("none", .refuseAll) == ENOENT)
        #expect(open("none/file", .refuseAll) == ENOENT)
        #expect(open("in/deep/file/x", .refuseAll) == ENOTDIR)
        #expect(open("", .refuseAll) == 0)
    }

    @Test func linksToFilesOfSameOwnerAreFollowed() throws {
        #expect(open("in/link", .refuseOthers) == 0)
        #expect(open("way/deep/file", .refuseOthers) == 0)
        #expect(open("way/none", .refuseOthers) == ENOENT)
        #expect(open("in/deep/file/x", .refuseOthers) == ENOTDIR)
    }

    @Test(.enabled(if: geteuid() == 0, "only root gives files away"))
    func linksToFilesOfOtherOwnersAreRefused() throws {
        #expect(unsafe lchown(directory + "/in/link", 65_534, 65_534) == 0)
        #expect(open("in/link", .refuseOthers) == ELOOP)
        #expect(open("way/deep/file", .refuseOthers) == 0)
        #expect(unsafe lchown(directory + "/way", 65_534, 65_534) == 0)
        #expect(open("way/deep/file", .refuseOthers) == ELOOP)
        #expect(open("way/deep/file", trusted: "way", .refuseOthers) == 0)
    }
}
