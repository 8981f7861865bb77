import Foundation
import Glibc
import Testing

/// `use`: the system call that workers wait with, and the limit of select.
@Suite(.serialized, .enabled(if: Product.isApus, "Debian's nginx has epoll only"))
struct EngineTests {
    static let engines = ["epoll", "poll", "select"]

    private static let files: [String: Fixture] = ["a": "hello", "big.bin": .pattern(3_000_000)]

    private static func configuration(
        _ engine: String, workers: Int = 1, connections: Int = 512, main: String = "",
        server: String = ""
    ) -> String {
        TestServer.configuration(
            server, main: main, workers: workers, connections: connections
        ).replacingOccurrences(of: "events {", with: "events { use \(engine);")
    }

    @Test(
        .enabled(if: CallTrace.isPossible, Comment(rawValue: CallTrace.lacking)),
        arguments: engines)
    func engineUsesItsSystemCall(engine: String) throws {
        let server = try TestServer(configuration: Self.configuration(engine), files: Self.files)
        let lines = try CallTrace.during(server) {
            let client = try server.connect()
            for _ in 0..<3 {
                try client.request("GET /a HTTP/1.1")
                #expect(try client.response().text == "hello")
            }
            client.close()
        }
        let calls = Set(lines.map(CallTrace.name)).filter {
            $0.contains("poll") || $0.contains("select")
        }
        let expected: [String: Set<String>] = [
            // poll also checks for mount changes, with epoll only for a new connection.
            "epoll": ["epoll_wait", "epoll_pwait", "epoll_ctl", "poll", "ppoll"],
            "poll": ["poll", "ppoll"],
            "select": ["select", "pselect6", "poll", "ppoll"],
        ]
        #expect(!calls.isEmpty && calls.isSubset(of: expected[engine] ?? []), "\(calls)")
    }

    /// Needs each kind of readiness: new connections, reading in pieces, writing with pauses, ends
    /// of streams, and signals.
    @Test(arguments: engines)
    func allKindsOfReadinessWork(engine: String) throws {
        let server = try TestServer(
            configuration: Self.configuration(engine, workers: 2), files: Self.files)
        let slow = try server.connect(receiveBuffer: 8192)
        try slow.request("GET /big.bin HTTP/1.1")
        try slow.awaitBytes(1000)
        let clients = try (0..<200).map { _ in try server.connect() }
        for client in clients { try client.send("GET /a HTTP/1.1\r\n") }
        for client in clients { try client.send("Host: x\r\n\r\n") }
        for client in clients { #expect(try client.response().text == "hello") }
        for (index, client) in clients.enumerated() {
            switch index % 3 {
            case 0: client.close()
            case 1: client.reset()
            default: client.closeWriting()
            }
        }
        for (index, client) in clients.enumerated() where index % 3 == 2 {
            #expect(try client.isClosedByServer())
        }
        // Descriptor numbers are reused.
        let others = try (0..<200).map { _ in try server.connect() }
        for client in others { try client.request("GET /a HTTP/1.1") }
        for client in others { #expect(try client.response().text == "hello") }
        #expect(try slow.response().body.count == 3_000_000)
        let old = try server.waitForWorkers(2)
        server.process.signal(SIGHUP)
        try server.waitForOthers(than: old, count: 2)
        #expect(try server.fetch("/a").text == "hello")
        try server.end()
    }

    /// An idle connection does not wake the worker.
    @Test(arguments: engines)
    func idleWorkerSleeps(engine: String) throws {
        let watch = try WorkerWatch(
            TestServer(configuration: Self.configuration(engine), files: Self.files))
        let clients = try (0..<50).map { _ in try watch.server.connect() }
        for client in clients { try client.request("GET /a HTTP/1.1") }
        for client in clients { #expect(try client.response().text == "hello") }
        try watch.expectRest()
        for client in clients { client.close() }
        try watch.expectUnharmed()
    }

    @Test(arguments: [
        "use select; worker_connections 1025;", "worker_connections 100000; use select;",
    ])
    func selectRefusesTooManyConnections(events: String) throws {
        let place = try TemporaryDirectory()
        let path = place.path + "/test.conf"
        try "events { \(events) } http { }".write(toFile: path, atomically: false, encoding: .utf8)
        let result = try run(Product.binary, ["-t", "-p", place.path, "-c", path])
        #expect(result.exit == .code(1))
        #expect(
            result.error.contains("the maximum number of files supported by select() is 1024"),
            "\(result.error)")
    }

    /// More clients than descriptors: some are served, the others wait until descriptors are free,
    /// and the worker sleeps meanwhile.
    @Test func selectQueuesClientsBeyondItsLimit() throws {
        let server = try TestServer(
            configuration: Self.configuration(
                "select", connections: 1024, main: "worker_rlimit_nofile 4000;",
                server: "client_header_timeout 600s;"), files: Self.files)
        let worker = try server.waitForWorkers(1)[0]
        var clients: [RawClient] = []
        for _ in 0..<1100 {
            let client = try server.connect()
            try client.send("GET /a HTTP/1.1\r\n")
            clients.append(client)
        }
        try server.waitForError("select() cannot watch descriptor 1024, the highest is 1023")
        #expect(try descriptorCount(of: worker) <= 1024)
        try waitForRest(of: worker)
        // Clients that have a descriptor are served.
        for client in clients.prefix(100) {
            try client.send("Host: x\r\nConnection: close\r\n\r\n")
            #expect(try client.response().text == "hello")
        }
        for client in clients { client.close() }
        try waitFor("a response to a new client") { (try? server.fetch("/a").text) == "hello" }
        #expect(server.workers == [worker])
    }
}
