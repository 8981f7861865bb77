import Foundation
import Linux
import Testing

@testable import Server

@Suite struct ServedDirectoryTests {
    /// A link keeps its name; only a path before `..` is resolved, since `..` is not the parent by
    /// name.
    @Test func namesAreNotResolved() throws {
        let directory = try TemporaryDirectory()
        let path = try #require(realPath(directory.path))
        let files = FileManager.default
        try files.createDirectory(atPath: path + "/one/deep", withIntermediateDirectories: true)
        try files.createSymbolicLink(atPath: path + "/link", withDestinationPath: "one/deep")
        for (operand, root) in [
            ("/link", "/link"), ("/link/", "/link"), ("//.//link/.", "/link"), ("", ""),
            ("/link/../", "/one"), ("/link/../deep", "/one/deep"), ("/one/../link", "/link"),
        ] {
            let served = try ServedDirectory(path + operand)
            #expect(served.root == path + root, "\(operand)")
            #expect(served.name == path + root, "\(operand)")
        }
        #expect(try ServedDirectory("/").root == "/")
        #expect(try ServedDirectory(".").root == FileManager.default.currentDirectoryPath)
    }

    @Test func fileIsRefused() throws {
        let directory = try TemporaryDirectory()
        try Data().write(to: URL(fileURLWithPath: directory.path + "/file"))
        for name in ["/file", "/none", "/file/..", "/none/.."] {
            #expect(throws: SystemError.self) { try ServedDirectory(directory.path + name) }
        }
    }

    private func realPath(_ path: String) -> String? {
        guard case .success(let real) = withCPath(Array(path.utf8), { Linux.realPath($0) }) else {
            return nil
        }
        return String(decoding: real, as: UTF8.self)
    }
}
