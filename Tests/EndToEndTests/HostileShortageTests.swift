import Foundation
import Glibc
import Testing

/// Descriptors, memory or disk space run out: some clients wait or are refused, and the server
/// recovers.
@Suite struct HostileShortageTests {
    private static let files: [String: Fixture] = [
        "big.bin": .pattern(8_000_000), "small.txt": "small", "d/a": "", "d/b": "",
    ]

    // MARK: descriptors

    @Test func descriptorShortageWhileSendingFiles() throws {
        let watch = try WorkerWatch(
            TestServer(
                "keepalive_timeout 600s; send_timeout 600s; autoindex on;",
                main: "worker_rlimit_nofile 48;", files: Self.files))
        // A download has two descriptors open, an idle connection one.
        let downloads = try (0..<10).map { _ in
            let client = try watch.server.connect(receiveBuffer: 65_536)
            try client.request("GET /big.bin HTTP/1.1")
            try client.awaitBytes(1000)
            return client
        }
        var others: [RawClient] = []
        while others.count < 60 {
            let client = try watch.server.connect()
            try client.send("G")
            others.append(client)
        }
        try watch.server.waitForError("accept4() failed (24: Too many open files)")
        try watch.expectSleep {
            // No file can be opened for the connected clients. When the first one disconnects,
            // another one gets its descriptor.
            let expected: [(String, [Int])] = [
                ("small.txt", [500]), ("d/", [200, 500]), ("none", [404, 500]),
            ]
            for (client, (target, statuses)) in zip(others, expected) {
                try client.send("ET /\(target) HTTP/1.1\r\nHost: x\r\n\r\n")
                let status = try client.response().status
                #expect(statuses.contains(status), "\(target): \(status)")
            }
            for client in downloads { #expect(try client.response().body.count == 8_000_000) }
        }
        try watch.server.waitForError("small.txt\" failed (24: Too many open files)")
        for client in downloads + others { client.close() }
        try watch.expectUnharmed()
    }

    @Test func connectionShortage() throws {
        let watch = try WorkerWatch(
            TestServer(
                "client_header_timeout 1s; keepalive_timeout 600s;", connections: 24,
                files: Self.files))
        let clients = try (0..<80).map { _ in
            let client = try watch.server.connect()
            try client.send("GET /small.txt HTTP/1.1\r\n")
            return client
        }
        // Accepted connections are closed, then the next ones are accepted, and a well-behaved
        // client is among them.
        let polite = try watch.server.connect()
        try polite.request("GET /small.txt HTTP/1.1")
        try watch.expectSleep {
            let response = try polite.response()
            #expect(response.text == "small")
        }
        for client in clients + [polite] { client.close() }
        try watch.expectUnharmed()
    }

    // MARK: memory

    @Test func memoryShortage() throws {
        let watch = try WorkerWatch(
            TestServer(
                """
                client_header_timeout 600s; send_timeout 600s; autoindex on;
                location /gzip/ { alias ROOT/; gzip on; gzip_types *; }
                """, main: Product.isRoot ? "user root;" : "", files: Self.files),
            warmUp: ["/d/", "/gzip/d/"])
        let limit = try (addressSpaceKiB(of: watch.worker) + 2048) * 1024
        let limited = try run("prlimit", ["--pid", "\(watch.worker)", "--as=\(limit):"])
        try #require(limited.succeeded, "\(limited.error)")
        let head =
            "GET /small.txt HTTP/1.1\r\nHost: x\r\n"
            + String(repeating: "X: " + String(repeating: "y", count: 7000) + "\r\n", count: 4)
        var clients: [RawClient] = []
        for number in 0..<200 {
            let client = try watch.server.connect(receiveBuffer: 4096)
            clients.append(client)
            // Each client gets a response, waits, or is closed; if a closed client sends more, it
            // gets a reset.
            switch number % 4 {
            case 0, 1: try? client.send(head)
            case 2: try? client.request("GET /gzip/big.bin HTTP/1.1", ["Accept-Encoding: gzip"])
            default: try? client.request("GET /big.bin HTTP/1.1")
            }
        }
        // New clients are served too, and do not hang.
        for _ in 0..<20 {
            let client = try watch.server.connect()
            try? client.request("GET /small.txt HTTP/1.1", ["Connection: close"])
            let received = String(decoding: try client.readToEnd(), as: UTF8.self)
            #expect(received.isEmpty || received.hasSuffix("\r\n\r\nsmall"))
        }
        // An unfinished header gets no response: some were closed for lack of memory.
        let refused = clients.indices.filter { $0 % 4 < 2 && !clients[$0].isQuiet }
        #expect(!refused.isEmpty, "the memory was enough")
        #expect(watch.server.workers == [watch.worker])
        try watch.expectRest()
        for client in clients { client.close() }
        try waitFor("the connections to end") { try watch.extraDescriptors() <= 0 }
        for target in ["/small.txt", "/d/", "/gzip/big.bin"] {
            let response = try watch.server.fetch(target, ["Accept-Encoding: gzip"])
            #expect(response.status == 200)
        }
        _ = try run("prlimit", ["--pid", "\(watch.worker)", "--as=unlimited:"])
        try watch.expectUnharmed(keptKiB: 2 * 2048)
    }

    // MARK: disk

    @Test func unwritableLogsDoNotStopServer() throws {
        let configuration = TestServer.configuration("error_log /dev/full info;")
            .replacingOccurrences(of: "access_log DIR/access.log", with: "access_log /dev/full")
        let watch = try WorkerWatch(TestServer(configuration: configuration, files: Self.files))
        let client = try watch.server.connect()
        for number in 0..<300 {
            let target = number % 3 == 0 ? "/none" : "/small.txt"
            try client.request("GET \(target) HTTP/1.1")
            #expect(try client.response().status == (number % 3 == 0 ? 404 : 200))
        }
        try client.send("nonsense\r\n\r\n")
        #expect(try client.response().status == 400)
        client.close()
        try watch.expectUnharmed()
        // The other log reports that this one cannot be written.
        try watch.server.waitForError("\"/dev/full\" failed (28: No space left on device)")
    }

    private static let canMount: Bool = {
        guard Product.isRoot, let place = try? TemporaryDirectory() else { return false }
        guard (try? run("mount", ["-t", "tmpfs", "tmpfs", place.root]))?.succeeded == true
        else { return false }
        return (try? run("umount", [place.root]))?.succeeded == true
    }()

    @Test(.enabled(if: canMount, "mounting needs root"))
    func fullDiskRecovers() throws {
        let configuration = TestServer.configuration(
            """
            error_log DIR/logs/error.log info;
            access_log DIR/logs/access.log; access_log DIR/whole.log;
            """)
        var logs = ""
        let server = try TestServer(configuration: configuration, files: Self.files) { directory in
            logs = directory.path + "/logs"
            try FileManager.default.createDirectory(
                atPath: logs, withIntermediateDirectories: false)
            let options = ["-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", logs]
            try #require(run("mount", options).succeeded)
        }
        defer {
            server.stop()
            _ = try? run("umount", [logs])
        }
        let watch = try WorkerWatch(server)
        // Another process fills the disk.
        let filler = logs + "/filler"
        _ = try run("dd", ["if=/dev/zero", "of=\(filler)", "bs=4096", "count=64"])
        let client = try server.connect()
        for number in 0..<400 {
            try client.request("GET /small.txt?full-\(number) HTTP/1.1")
            #expect(try client.response().text == "small")
        }
        try watch.expectRest()
        try server.waitForLog("whole.log", "the last line") { $0.contains("full-399") }
        #expect(!server.log("logs/access.log").contains("full-399"))
        #expect(unsafe unlink(filler) == 0)
        try client.request("GET /small.txt?again HTTP/1.1")
        #expect(try client.response().text == "small")
        client.close()
        let log = try server.waitForLog("logs/access.log", "the line that fits again") {
            $0.contains("?again")
        }
        // Lines are complete, or cut off where the disk was full; the next one begins a new line.
        let again = try #require(log.split(separator: "\n").first { $0.contains("?again") })
        #expect(again.hasPrefix("127.0.0.1 - - ["), "\(again)")
        try watch.expectUnharmed()
    }
}
