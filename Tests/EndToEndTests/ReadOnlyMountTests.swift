import Foundation
import Glibc
import Testing

/// A read-only mount that the other side changes: a FUSE mirror of a directory. The kernel sends no
/// notifications there, and every response matches the other side at that moment.
@Suite struct ReadOnlyMountTests {
    private static let isPossible: Bool = {
        guard Product.isRoot, unsafe access("/dev/fuse", R_OK | W_OK) == 0,
            (try? run("clang", ["--version"]))?.succeeded == true,
            let mirror = try? Mirror()
        else { return false }
        return mirror.isMounted
    }()

    /// A mirror, mounted as long as it exists.
    private final class Mirror {
        private let directory: TemporaryDirectory
        private var process: ChildProcess?
        /// The directory that is mirrored.
        var source: String { directory.path + "/source" }
        var place: String { directory.path + "/mirror" }
        var isMounted: Bool {
            (try? readText("/proc/self/mountinfo"))?.contains(" \(place) ro,") == true
        }

        init() throws {
            directory = try TemporaryDirectory()
            for path in [source, place] {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: false)
            }
            let program = directory.path + "/mirror-server"
            let built = try run(
                "clang",
                ["-O1", "-o", program, Product.repository + "/Tests/Preload/fuse-mirror.c"])
            guard built.succeeded else { throw Response.Malformed(description: built.error) }
            let process = try ChildProcess(
                program, [source, place], output: "/dev/null", error: directory.path + "/stderr")
            self.process = process
            try waitFor("the mount") {
                guard process.isRunning else { throw TimedOut(description: process.errorOutput) }
                return isMounted
            }
        }

        deinit {
            unsafe umount2(place, 2)  // MNT_DETACH
            process?.end()
        }

        func write(_ name: String, _ text: String, modified: Int = TemporaryDirectory.modified)
            throws
        {
            let path = source + "/" + name
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            unsafe chmod(path, 0o644)
            try directory.setModified(path, modified)
        }
    }

    @Test(.enabled(if: isPossible, "needs /dev/fuse, the right to mount, and clang"))
    func changesBelowReadOnlyMountAreSeen() throws {
        let mirror = try Mirror()
        try mirror.write("a.txt", "first")
        let server = try TestServer(
            "location / { root \(mirror.place); }", http: "etag on;")
        for _ in 0..<5 { #expect(try server.fetch("/a.txt").text == "first") }
        for number in 0..<10 {
            // The same size: only the times differ.
            let text = "text\(number)"
            try mirror.write("a.txt", text, modified: TemporaryDirectory.modified + number)
            for _ in 0..<3 { #expect(try server.fetch("/a.txt").text == text) }
            #expect(try server.fetch("/new\(number).txt").status == 404)
            #expect(try server.fetch("/new\(number).txt").status == 404)
            try mirror.write("new\(number).txt", "new")
            #expect(try server.fetch("/new\(number).txt").text == "new")
        }
        #expect(unsafe unlink(mirror.source + "/a.txt") == 0)
        #expect(try server.fetch("/a.txt").status == 404)
        if Product.isApus { try server.waitForError("cannot watch") }
    }
}
