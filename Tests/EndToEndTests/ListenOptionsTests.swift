import Foundation
import Glibc
import Testing

/// Socket options set by the parameters of `listen`, read from the server's own descriptors with
/// pidfd_getfd(2).
@Suite(.enabled(if: Product.isRoot, "another process's descriptors are root's"))
struct ListenOptionsTests {
    /// Returns an integer option of the listening socket, or of an accepted connection.
    private func option(
        _ server: TestServer, _ level: Int32, _ name: Int32, ofConnection: Bool = false
    ) throws -> Int32 {
        let process = ofConnection ? try server.waitForWorkers(1)[0] : server.pid
        let handle = pidfd("pidfd_open", process, 0, 0)
        defer { close(handle) }
        for number in 3..<64 {
            let fd = pidfd("pidfd_getfd", handle, Int32(number), 0)
            guard fd >= 0 else { continue }
            defer { close(fd) }
            guard value(fd, SOL_SOCKET, SO_TYPE) == Int32(SOCK_STREAM.rawValue),
                value(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET,
                value(fd, SOL_SOCKET, SO_ACCEPTCONN) == (ofConnection ? 0 : 1)
            else { continue }
            return value(fd, level, name) ?? -1
        }
        throw TimedOut(description: "no such socket")
    }

    /// Calls pidfd_open(2) or pidfd_getfd(2), which the C library's module lacks.
    private func pidfd(_ name: String, _ first: Int32, _ second: Int32, _ third: Int32) -> Int32 {
        typealias Call = @convention(c) (Int32, Int32, Int32) -> Int32
        guard let found = unsafe dlsym(nil, name) else { return -1 }
        return unsafe unsafeBitCast(found, to: Call.self)(first, second, third)
    }

    private func value(_ fd: Int32, _ level: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(fd, level, name, &value, &size) == 0 ? value : nil
    }

    private static let tcp = Int32(IPPROTO_TCP)

    @Test(
        arguments: [
            // The kernel doubles the requested buffer size.
            ("rcvbuf=64k", SOL_SOCKET, SO_RCVBUF, 131_072),
            ("sndbuf=32k", SOL_SOCKET, SO_SNDBUF, 65_536),
            ("deferred", tcp, TCP_DEFER_ACCEPT, 1), ("", tcp, TCP_DEFER_ACCEPT, 0),
            ("fastopen=7", tcp, TCP_FASTOPEN, 7), ("", tcp, TCP_FASTOPEN, 0),
            ("so_keepalive=on", SOL_SOCKET, SO_KEEPALIVE, 1),
            ("so_keepalive=off", SOL_SOCKET, SO_KEEPALIVE, 0),
            ("so_keepalive=77:7:3", SOL_SOCKET, SO_KEEPALIVE, 1),
            ("so_keepalive=77::", tcp, TCP_KEEPIDLE, 77),
            ("so_keepalive=:7:", tcp, TCP_KEEPINTVL, 7),
            ("so_keepalive=::3", tcp, TCP_KEEPCNT, 3), ("reuseport", SOL_SOCKET, SO_REUSEPORT, 1),
            ("accept_filter=httpready", tcp, TCP_DEFER_ACCEPT, 0),
            ("bind", SOL_SOCKET, SO_REUSEADDR, 1),
        ] as [(String, Int32, Int32, Int32)])
    func socketOptionsAreSet(
        parameter: String, level: Int32, name: Int32, expected: Int32
    ) throws {
        let server = try TestServer(
            configuration: TestServer.configuration().replacingOccurrences(
                of: "listen 127.0.0.1:PORT;", with: "listen 127.0.0.1:PORT \(parameter);"),
            files: ["a": "hello"])
        #expect(try option(server, level, name) == expected)
        #expect(try server.fetch("/a").text == "hello")
    }

    @Test func acceptedConnectionsInheritOptions() throws {
        let server = try TestServer(
            configuration: TestServer.configuration().replacingOccurrences(
                of: "listen 127.0.0.1:PORT;",
                with: "listen 127.0.0.1:PORT so_keepalive=77:7:3 backlog=9;"), files: ["a": "hello"]
        )
        let client = try server.connect()
        try client.request("GET /a HTTP/1.1")
        _ = try client.response()
        #expect(try option(server, SOL_SOCKET, SO_KEEPALIVE, ofConnection: true) == 1)
        #expect(try option(server, Self.tcp, TCP_KEEPIDLE, ofConnection: true) == 77)
        #expect(try option(server, Self.tcp, TCP_NODELAY, ofConnection: true) == 1)
        // ss shows a listener's backlog as its Send-Q.
        let shown = try run("/usr/bin/ss", ["-Hltn", "sport = :\(server.port)"])
        #expect(shown.output.split(separator: " ").dropFirst(2).first == "9", "\(shown.output)")
    }

    /// After a reload with fewer workers, clients that wait at a surplus socket are accepted.
    @Test(.enabled(if: Product.isApus, "nginx resets them"))
    func reuseportKeepsBacklogWithFewerWorkers() throws {
        func configuration(_ workers: Int) -> String {
            TestServer.configuration(workers: workers).replacingOccurrences(
                of: "listen 127.0.0.1:PORT;", with: "listen 127.0.0.1:PORT reuseport;")
        }
        let server = try TestServer(configuration: configuration(4), files: ["a": "hello"])
        let old = try server.waitForWorkers(4)
        for worker in old { kill(worker, SIGSTOP) }
        let waiting = try (0..<40).map { _ in try server.connect() }
        for client in waiting { try client.request("GET /a HTTP/1.1") }
        try server.rewrite(configuration(1))
        server.process.signal(SIGHUP)
        for client in waiting { #expect(try client.response().text == "hello") }
        for worker in old { kill(worker, SIGCONT) }
        #expect(try server.waitForWorkers(1).count == 1)
        for _ in 0..<20 { #expect(try server.fetch("/a").text == "hello") }
    }

    @Test func unixSocketIsWritableByAll() throws {
        let server = try TestServer("listen unix:DIR/socket;", files: ["a": "hello"])
        var facts = stat()
        #expect(unsafe stat(server.directory.path + "/socket", &facts) == 0)
        #expect(facts.st_mode & 0o777 == 0o666)
    }
}
