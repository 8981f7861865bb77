import Foundation
import Glibc
import Testing

/// Disks that fail, disappear and return: requests get the right status, and the log is not filled.
@Suite(.enabled(if: Product.isApus)) struct DiskTests {
    /// Runs a system program. Returns true if it succeeded.
    private func run(_ program: String, _ arguments: [String]) throws -> Bool {
        let process = try ChildProcess(
            program, arguments, output: "/dev/null", error: "/dev/null")
        return try process.waitForExit() == .code(0)
    }

    @Test(.enabled(if: geteuid() == 0, "only root may mount"))
    func remountedRootIsServedAgain() throws {
        let server = try TestServer("location /up/ { }", files: ["up/a": "below"])
        let disk = server.directory.root + "/up"
        let workers = try server.waitForWorkers(1)
        func mount() throws -> Bool {
            try run("/bin/mount", ["-t", "tmpfs", "-o", "mode=755", "none", disk])
        }
        // Most containers do not allow mounting; then there is nothing to test.
        guard try mount() else { return }
        defer { _ = unsafe umount2(disk, 2) }
        #expect(try server.fetch("/up/a").status == 404)
        try "on the disk".write(toFile: disk + "/a", atomically: false, encoding: .utf8)
        let client = try server.connect()
        for _ in 0..<3 {
            try client.request("GET /up/a HTTP/1.1")
            #expect(try client.response().text == "on the disk")
        }
        // Nothing keeps the disk busy, not even an open connection.
        #expect(try run("/bin/umount", [disk]))
        try client.request("GET /up/a HTTP/1.1")
        #expect(try client.response().text == "below")
        #expect(try mount())
        try "back".write(toFile: disk + "/a", atomically: false, encoding: .utf8)
        try client.request("GET /up/a HTTP/1.1")
        #expect(try client.response().text == "back")
        #expect(server.workers == workers)
    }

    @Test func repeatedDiskErrorsAreCounted() throws {
        let server = try TestServer(files: ["a": "hello"])
        for number in 0..<5 { unsafe mkfifo("\(server.directory.root)/pipe\(number)", 0o644) }
        let client = try server.connect()
        for number in 0..<60 {
            try client.request("GET /pipe\(number % 5) HTTP/1.1")
            #expect(try client.response().status == 404)
        }
        // Other messages have limits of their own, and errors are logged far more often.
        for number in 0..<60 {
            try client.request("GET /none\(number) HTTP/1.1")
            #expect(try client.response().status == 404)
        }
        try server.waitForError("/none59\" failed (2: ")
        let text = "is not a regular file"
        #expect(server.errorLog.components(separatedBy: text).count - 1 == 10)
        #expect(server.errorLog.components(separatedBy: "failed (2: ").count - 1 == 60)
        try server.end(by: SIGTERM)
        let log = server.errorLog
        #expect(log.contains("[crit]"))
        #expect(
            log.contains(
                "50 more like this within a minute: \"\(server.directory.root)/pipe0\" \(text)\n"))
    }
}
