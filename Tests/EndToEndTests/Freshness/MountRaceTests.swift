import Foundation
import Glibc
import Testing

/// Mounts that change after the poller has reported its events.
@Suite struct MountRaceTests {
    static let isPossible = Product.isApus && Product.isRoot && CallTrace.isPossible

    /// The worker is held in accept4(2), which another connection has caused, while a mount changes
    /// and a client connects and sends a request. The poller cannot have reported that mount.
    @Test(.enabled(if: isPossible, "needs strace and the right to mount"))
    func requestOnNewConnectionSeesMountMadeBeforeIt() throws {
        let configuration = TestServer.configuration().replacingOccurrences(
            of: "events {", with: "events { multi_accept on;")
        let server = try TestServer(configuration: configuration, files: ["d/a.txt": "before"])
        let source = try TemporaryDirectory()
        let directory = server.directory.root + "/d"
        defer { _ = unsafe umount2(directory, 2) }  // MNT_DETACH
        try "mounted".write(toFile: source.path + "/a.txt", atomically: false, encoding: .utf8)
        try waitFor("the file to be sent from memory") {
            let calls = try CallTrace.during(server, options: ["-e", "trace=%file"]) {
                _ = try server.fetch("/d/a.txt")
            }
            return calls.isEmpty
        }
        let worker = try server.waitForWorkers(1)[0]
        let options = ["-e", "trace=accept4", "-e", "inject=accept4:delay_enter=1000000"]
        _ = try CallTrace.during(server, options: options) {
            let idle = try server.connect()
            try waitFor("the worker to be held in accept4") {
                try readText("/proc/\(worker)/status").contains("State:\tt")
            }
            try #require(unsafe mount(source.path, directory, nil, 4096, nil) == 0)  // MS_BIND
            let client = try server.connect()
            try client.request("GET /d/a.txt HTTP/1.1")
            #expect(try client.response().text == "mounted")
            idle.close()
        }
    }
}
