import Foundation
import Glibc
import Testing

/// A service manager passes sockets, and gets notifications.
@Suite(.enabled(if: Product.isApus, "nginx knows of none"))
struct ServiceManagerTests {
    private static let activator = "/usr/bin/systemd-socket-activate"

    /// Starts a server on the first connection to one of `listeners`.
    private func activate(
        _ listeners: [String], _ configuration: String, files: [String: Fixture] = ["a": "hello"]
    ) throws -> (process: ChildProcess, directory: TemporaryDirectory, ports: [UInt16]) {
        let directory = try TemporaryDirectory(files: files)
        let ports = FreePorts.take(3)
        try TestServer.fill(configuration, directory: directory, ports: ports).write(
            toFile: directory.path + "/test.conf", atomically: false, encoding: .utf8)
        let words = listeners.flatMap {
            ["-l", TestServer.fill($0, directory: directory, ports: ports)]
        }
        let process = try ChildProcess(
            Self.activator, words + [Product.binary] + TestServer.commandLine(directory),
            output: directory.path + "/out", error: directory.path + "/err")
        return (process, directory, ports)
    }

    private func fetch(_ address: RawClient.Address) throws -> String {
        let client = try waitForValue("the socket") { try? RawClient(address) }
        try client.request("GET /a HTTP/1.1", ["Connection: close"])
        return try client.response().text
    }

    @Test func passedSocketsAreUsed() throws {
        let configuration = TestServer.configuration("listen unix:DIR/socket;", workers: 2)
        let (process, directory, ports) = try activate(
            ["127.0.0.1:PORT", "DIR/socket"], configuration)
        #expect(try fetch(.ipv4(ports[0])) == "hello", "\(process.errorOutput)")
        #expect(try fetch(.unix(directory.path + "/socket")) == "hello")
        process.signal(SIGQUIT)
        #expect(try process.waitForExit() == .code(0))
        #expect(unsafe access(directory.path + "/socket", F_OK) == 0, "it is the manager's")
    }

    @Test func unnamedSocketPreventsStart() throws {
        let (process, directory, ports) = try activate(
            ["127.0.0.1:PORT", "127.0.0.1:PORT2"], TestServer.configuration())
        let client = try waitForValue("the socket") { try? RawClient(.ipv4(ports[0])) }
        #expect(try process.waitForExit() == .code(1))
        #expect(
            process.errorOutput.contains(
                "[emerg] LISTEN_FDS passed a socket for 127.0.0.1:\(ports[1]), which no "),
            "\(process.errorOutput)")
        withExtendedLifetime((client, directory)) {}
    }

    @Test func reloadDropsAndReusesPassedSocket() throws {
        let both = TestServer.configuration("listen 127.0.0.1:PORT2;")
        let (process, directory, ports) = try activate(
            ["127.0.0.1:PORT", "127.0.0.1:PORT2"], both)
        #expect(try fetch(.ipv4(ports[1])) == "hello")
        func reload(_ text: String) throws {
            try TestServer.fill(text, directory: directory, ports: ports).write(
                toFile: directory.path + "/test.conf", atomically: false, encoding: .utf8)
            let result = try run(
                Product.binary, TestServer.commandLine(directory) + ["-s", "reload"])
            #expect(result.succeeded, "\(result.error)")
        }
        try reload(TestServer.configuration())
        let log = try readText(directory.path + "/error.log")
        let address = "127.0.0.1:\(ports[1])"
        #expect(
            log.contains("a socket for \(address) that no \"listen\" names; it is not served"),
            "\(log)")
        // The connection waits in the kernel's queue until a reload serves the socket again.
        let waiting = try RawClient(.ipv4(ports[1]))
        try waiting.request("GET /a HTTP/1.1")
        try reload(both)
        #expect(try waiting.response().text == "hello")
        process.signal(SIGQUIT)
        #expect(try process.waitForExit() == .code(0))
    }

    // MARK: notifications

    @Test(arguments: ["DIR/notify", "@apus-test-"])
    func managerIsNotifiedOfState(prefix: String) throws {
        let name = prefix.hasPrefix("@") ? prefix + UUID().uuidString : prefix
        let receiver = NotificationReceiver()
        let server = try TestServer(
            configuration: TestServer.configuration(), environment: ["NOTIFY_SOCKET=" + name]
        ) { try receiver.bind(name.replacingOccurrences(of: "DIR", with: $0.path)) }
        let ready = try receiver.next()
        #expect(ready.contains("READY=1") && ready.contains("MAINPID=\(server.pid)"))
        let before = monotonicMicroseconds()
        server.process.signal(SIGHUP)
        let reloading = try receiver.next()
        #expect(reloading.first == "RELOADING=1")
        let time = reloading.last?.split(separator: "=").last.flatMap { Int64($0) } ?? 0
        #expect(time >= before && reloading.last?.hasPrefix("MONOTONIC_USEC=") == true)
        #expect(try receiver.next().contains("READY=1"))
        try server.rewrite("nonsense;")
        server.process.signal(SIGHUP)
        #expect(try receiver.next().first == "RELOADING=1")
        let failed = try receiver.next()
        #expect(failed.contains("READY=1"))
        #expect(failed.contains("STATUS=serving; the last reload failed"))
        server.process.signal(SIGQUIT)
        #expect(try receiver.next().contains("STOPPING=1"))
        #expect(try server.process.waitForExit() == .code(0))
    }

    @Test func managerGetsWatchdogMessages() throws {
        let receiver = NotificationReceiver()
        let server = try TestServer(
            configuration: TestServer.configuration(),
            environment: ["NOTIFY_SOCKET=DIR/notify", "WATCHDOG_USEC=200000"]
        ) { try receiver.bind($0.path + "/notify") }
        var beats = 0
        while beats < 4 { beats += try receiver.next() == ["WATCHDOG=1"] ? 1 : 0 }
        withExtendedLifetime(server) {}
    }

    @Test func watchdogOfOtherProcessIsIgnored() throws {
        let receiver = NotificationReceiver()
        let server = try TestServer(
            configuration: TestServer.configuration(),
            environment: ["NOTIFY_SOCKET=DIR/notify", "WATCHDOG_USEC=1000", "WATCHDOG_PID=1"]
        ) { try receiver.bind($0.path + "/notify") }
        #expect(try receiver.next().first == "READY=1")
        server.process.signal(SIGQUIT)
        #expect(try receiver.next().first == "STOPPING=1", "nothing came between")
    }
}

private func monotonicMicroseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
}

/// The notification socket of a service manager.
private final class NotificationReceiver {
    private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)

    deinit { close(descriptor) }

    /// A leading `@` is an abstract name.
    func bind(_ name: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: Array(name.utf8).prefix($0.count - 1))
            if name.hasPrefix("@") { unsafe $0[0] = 0 }
        }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
        let bound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.bind(descriptor, $0, size)
            }
        }
        guard bound == 0 else { throw SystemFailure("bind") }
    }

    /// Returns the lines of the next datagram.
    func next() throws -> [String] {
        var one = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&one, 1, Int32(patienceSeconds * 1000)) == 1 else {
            throw TimedOut(description: "no notification")
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }
}
