import Foundation
import Glibc
import Testing

/// A graceful shutdown: every client that has connected gets its response.
@Suite struct DrainTests {
    /// Returns a connection that has had a response.
    private func idle(_ server: TestServer) throws -> RawClient {
        let client = try server.connect()
        try client.request("GET /a HTTP/1.1")
        #expect(try client.response()["Connection"] == "keep-alive")
        return client
    }

    @Test(.enabled(if: Product.isApus, "nginx closes idle connections at once"))
    func idleConnectionGetsOneLastResponse() throws {
        // More than the default of one second: while the port is being closed, a connection is
        // neither accepted nor refused, so observing that takes a second.
        let server = try TestServer("keepalive_min_timeout 60s;", files: ["a": "hello"])
        let kept = try idle(server)
        let fresh = try server.connect()
        // The worker has accepted it once a later connection got its response.
        _ = try server.fetch("/a")
        server.process.signal(SIGQUIT)
        try waitFor("the port to be closed") { server.refuses(server.port) }
        for client in [kept, fresh] {
            try client.request("GET /a HTTP/1.1")
            let last = try client.response()
            #expect(last.text == "hello" && last["Connection"] == "close")
            #expect(try client.isClosedByServer())
        }
        #expect(try server.process.waitForExit() == .code(0))
    }

    @Test(.enabled(if: Product.isApus, "nginx closes idle connections at once"))
    func idleConnectionIsClosedAfterOneSecond() throws {
        let server = try TestServer(files: ["a": "hello"])
        let kept = try idle(server)
        let start = Date()
        server.process.signal(SIGQUIT)
        #expect(try kept.isClosedByServer())
        #expect(Date().timeIntervalSince(start) > 0.9)
        #expect(try server.process.waitForExit() == .code(0))
    }

    /// The time is counted from the signal, not from the last request.
    @Test(.enabled(if: Product.isApus, "nginx has it since 1.27.4"))
    func lastRequestTimeoutStartsAtSignal() throws {
        let server = try TestServer("keepalive_min_timeout 1500ms;", files: ["a": "hello"])
        let kept = try idle(server)
        let since = Date()
        try waitFor("its time after the response to pass") {
            Date().timeIntervalSince(since) > 1.6
        }
        let start = Date()
        server.process.signal(SIGQUIT)
        #expect(try kept.isClosedByServer())
        #expect(Date().timeIntervalSince(start) > 1.4)
    }

    @Test(.enabled(if: Product.isApus, "nginx closes idle connections at once"))
    func drainDoesNotExtendKeepaliveTimeout() throws {
        let server = try TestServer(
            "keepalive_timeout 300ms; keepalive_min_timeout 60s;", files: ["a": "hello"])
        let kept = try idle(server)
        server.process.signal(SIGQUIT)
        #expect(try kept.isClosedByServer())
        #expect(try server.process.waitForExit() == .code(0))
    }

    /// Connections that wait to be accepted at shutdown, over TCP and a Unix domain socket.
    @Test(.enabled(if: Product.isApus, "nginx resets them"), arguments: [1, 2], ["", "reuseport"])
    func backlogIsServedBeforeShutdown(workers: Int, option: String) throws {
        let server = try TestServer(
            configuration: TestServer.prelude(workers: workers) + """
                http {
                    access_log off;
                    server {
                        listen 127.0.0.1:PORT \(option);
                        listen unix:DIR/socket;
                        root ROOT;
                    }
                }
                """, files: ["a": "hello"])
        let all = try server.waitForWorkers(workers)
        for worker in all { kill(worker, SIGSTOP) }
        var waiting: [RawClient] = []
        for _ in 0..<20 {
            waiting.append(try server.connect())
            waiting.append(try RawClient(.unix(server.directory.path + "/socket"), of: server))
        }
        for client in waiting.dropFirst(10) { try client.request("GET /a HTTP/1.1") }
        server.process.signal(SIGQUIT)
        try waitFor("the unix socket to be removed") {
            unsafe access(server.directory.path + "/socket", F_OK) != 0
        }
        for worker in all { kill(worker, SIGCONT) }
        for client in waiting.prefix(10) { try client.request("GET /a HTTP/1.1") }
        for client in waiting { #expect(try client.response().text == "hello") }
        #expect(try server.process.waitForExit() == .code(0))
    }

    /// Connections that wait to be accepted when a reload removes their address.
    @Test(.enabled(if: Product.isApus, "nginx resets them"))
    func backlogOfRemovedAddressIsServed() throws {
        let server = try TestServer("listen 127.0.0.1:PORT2;", files: ["a": "hello"])
        let old = try server.waitForWorkers(1)[0]
        kill(old, SIGSTOP)
        let waiting = try (0..<20).map { _ in try RawClient(.ipv4(server.ports[1]), of: server) }
        for client in waiting { try client.request("GET /a HTTP/1.1") }
        try server.rewrite(TestServer.configuration())
        server.process.signal(SIGHUP)
        try waitFor("the new worker") { server.workers.count == 2 }
        try waitFor("the signal to wait") {
            try readText("/proc/\(old)/status").contains(#/ShdPnd:\t0*[1-9a-f]/#)
        }
        kill(old, SIGCONT)
        for client in waiting { #expect(try client.response().text == "hello") }
        try waitFor("the port to be closed") { server.refuses(server.ports[1]) }
        #expect(try server.fetch("/a").text == "hello")
    }

    /// HUP and USR2 are for the master, and a terminal sends WINCH to all processes.
    @Test(arguments: [SIGHUP, SIGUSR2, SIGWINCH])
    func workerIgnoresMasterSignals(signal: Int32) throws {
        let server = try TestServer(files: ["a": "hello"])
        let worker = try server.waitForWorkers(1)[0]
        let kept = try idle(server)
        kill(worker, signal)
        // A later signal, which the worker handles, was delivered.
        kill(worker, SIGUSR1)
        try server.waitForError("the logger reopens the logs")
        try kept.request("GET /a HTTP/1.1")
        #expect(try kept.response()["Connection"] == "keep-alive")
        #expect(server.workers == [worker])
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func workerExitsAtOnceOnTerm(signal: Int32) throws {
        let server = try TestServer(files: ["big": .pattern(60_000_000), "a": "hello"])
        let worker = try server.waitForWorkers(1)[0]
        let download = try server.connect(receiveBuffer: 4096)
        try download.request("GET /big HTTP/1.1")
        try download.awaitBytes(1000)
        kill(worker, signal)
        #expect(try download.readToEnd().count < 60_000_000)
        try server.waitForOthers(than: [worker])
        #expect(try server.fetch("/a").text == "hello")
    }

    /// A worker that gets QUIT finishes its requests, and another one replaces it.
    @Test func quittingWorkerIsReplaced() throws {
        let server = try TestServer(files: ["a": "hello", "big": .pattern(30_000_000)])
        let old = try server.waitForWorkers(1)[0]
        let download = try server.connect(receiveBuffer: 65_536)
        try download.request("GET /big HTTP/1.1")
        try download.awaitBytes(1000)
        kill(old, SIGQUIT)
        #expect(try download.response(seconds: 60).body.count == 30_000_000)
        try server.waitForOthers(than: [old])
        #expect(try server.fetch("/a").text == "hello")
        try server.waitForError("worker process \(old) exited with code 0")
    }
}
