import Foundation
import Glibc
import Testing

/// The logger: when processes are killed, disks are full, pipes stall or files are moved, each line
/// is written once or counted as dropped, and no request waits.
@Suite(.enabled(if: Product.isApus)) struct LoggerTests {
    private static let files: [String: Fixture] = ["a": "x"]

    /// Sends numbered requests over several open connections in turn.
    private final class NumberedClient {
        let server: TestServer
        /// The numbers with a response, in order.
        private(set) var completed: [Int] = []
        private var clients: [RawClient?]
        private let padding: String

        init(_ server: TestServer, connections: Int, padding: Int = 0) {
            self.server = server
            clients = Array(repeating: nil, count: connections)
            self.padding = String(repeating: "p", count: padding)
        }

        /// Sends a request on a connection, which is opened if necessary; a connection that ends is
        /// discarded.
        func send(_ number: Int) throws {
            let place = number % clients.count
            do {
                let client = try clients[place] ?? server.connect()
                clients[place] = client
                try client.request("GET /a?n=\(number)&\(padding) HTTP/1.1")
                guard try client.response().status == 200 else { return }
                completed.append(number)
            } catch let failure as TimedOut {
                throw failure
            } catch {
                clients[place] = nil
            }
        }

        func closeAll() { clients = clients.map { _ in nil } }
    }

    /// Returns the numbers of the requests in a log, in its order.
    private func numbers(_ text: String) -> [Int] {
        text.components(separatedBy: "GET /a?n=").dropFirst()
            .compactMap { Int($0.prefix { $0.isNumber }) }
    }

    /// Returns the number of dropped lines according to the error log.
    private func lost(_ server: TestServer) -> Int {
        server.errorLog.split(separator: "\n").reduce(0) { sum, line in
            guard let end = line.range(of: " line", options: []), line.contains(" lost, ") else {
                return sum
            }
            let words = line[..<end.lowerBound].split(separator: " ")
            return sum + (words.last.flatMap { Int($0) } ?? 0)
        }
    }

    private static let endless = "keepalive_requests 1000000; keepalive_timeout 600s;"

    // MARK: killed processes

    @Test func killedWorkerLosesAtMostOneLine() throws {
        let server = try TestServer(Self.endless, workers: 2, files: Self.files)
        server.mayLoseWorkers = true
        let client = NumberedClient(server, connections: 8)
        var number = 0
        var kills = 0
        for _ in 0..<5 {
            let victim = try server.waitForWorkers(2)[kills % 2]
            for count in 0..<400 {
                if count == 200 + 7 * kills { kill(victim, SIGKILL) }
                try client.send(number)
                number += 1
            }
            kills += 1
            try waitFor("another worker") { !server.workers.contains(victim) }
        }
        client.closeAll()
        try server.end()
        let written = numbers(server.accessLog)
        #expect(Set(written).count == written.count)
        #expect(client.completed.count > number / 2)
        #expect(Set(client.completed).subtracting(written).count <= kills)
        #expect(server.accessLog.split(separator: "\n").allSatisfy { $0.hasPrefix("127.0.0.1 - ") })
    }

    @Test func killedLoggerIsReplacedWithoutLoss() throws {
        let server = try TestServer(Self.endless, workers: 2, files: Self.files)
        server.mayLoseWorkers = true
        let client = NumberedClient(server, connections: 4)
        for number in 0..<2000 {
            if number % 400 == 200 {
                let victim = try waitForValue("a logger") { server.loggers.first }
                kill(victim, SIGKILL)
            }
            try client.send(number)
        }
        #expect(client.completed.count == 2000)
        client.closeAll()
        try server.end()
        #expect(Set(numbers(server.accessLog)) == Set(0..<2000))
        #expect(server.errorLog.contains("logger process"))
    }

    @Test func loggerIgnoresSignals() throws {
        let server = try TestServer(files: Self.files)
        let logger = try waitForValue("a logger") { server.loggers.first }
        // A terminal sends these to all processes.
        for signal in [SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGPIPE, SIGXFSZ] { kill(logger, signal) }
        _ = try server.fetch("/a?n=1&")
        try waitFor("the line") { numbers(server.accessLog) == [1] }
        #expect(server.loggers == [logger])
    }

    @Test func loggerExitsAfterWorkersWhenMasterDies() throws {
        let server = try TestServer(Self.endless, workers: 2, files: Self.files)
        let logger = try waitForValue("a logger") { server.loggers.first }
        let client = NumberedClient(server, connections: 4)
        for number in 0..<100 { try client.send(number) }
        server.process.signal(SIGKILL)
        _ = try server.process.waitForExit()
        try client.send(100)
        client.closeAll()
        try waitFor("the logger to exit") { hasEnded(logger) }
        #expect(Set(numbers(server.accessLog)).isSuperset(of: client.completed))
    }

    // MARK: the end, reload and reopening

    @Test(arguments: [SIGQUIT, SIGTERM, SIGINT])
    func shutdownWritesAllLines(signal: Int32) throws {
        let server = try TestServer(Self.endless, workers: 2, files: Self.files)
        let client = NumberedClient(server, connections: 4)
        for number in 0..<1000 { try client.send(number) }
        // The line of a request is logged before the next one is read.
        client.closeAll()
        try waitFor("the last lines to be made") { numbers(server.accessLog).count > 990 }
        try server.end(by: signal)
        #expect(numbers(server.accessLog).sorted() == client.completed)
    }

    @Test func reloadLosesNoLine() throws {
        let server = try TestServer(Self.endless, workers: 2, files: Self.files)
        let client = NumberedClient(server, connections: 6)
        for number in 0..<1500 {
            if number % 150 == 75 { server.process.signal(SIGHUP) }
            try client.send(number)
        }
        client.closeAll()
        try waitFor("the old loggers to exit") { server.loggers.count == 1 }
        try server.end()
        let written = numbers(server.accessLog)
        #expect(Set(written).count == written.count)
        #expect(Set(written).isSuperset(of: client.completed))
    }

    /// Each line is in one file, and not in a file that was moved before its request.
    @Test func rapidReopensKeepLinesInRightFile() throws {
        let server = try TestServer(Self.endless, workers: 2, files: Self.files)
        let log = server.directory.path + "/access.log"
        let client = NumberedClient(server, connections: 4)
        var number = 0
        /// The first number that may not be in file `index`.
        var bounds: [Int] = []
        for round in 0..<30 {
            for _ in 0..<20 {
                try client.send(number)
                number += 1
            }
            #expect(unsafe rename(log, log + ".\(round)") == 0)
            server.process.signal(SIGUSR1)
            for _ in 0..<10 {
                try client.send(number)
                number += 1
            }
            try waitFor("the new file") { unsafe access(log, F_OK) == 0 }
            bounds.append(number)
        }
        // Some more in quick succession.
        for _ in 0..<20 { server.process.signal(SIGUSR1) }
        client.closeAll()
        try server.end()
        var all = numbers(server.accessLog)
        for (round, bound) in bounds.enumerated() {
            let file = numbers(try readText(log + ".\(round)"))
            #expect(file.allSatisfy { $0 < bound }, "file \(round)")
            all += file
        }
        #expect(all.sorted() == client.completed && all.count == number)
    }

    // MARK: slow targets

    @Test func unreadPipeDoesNotBlockRequests() throws {
        let server = try TestServer(
            configuration: TestServer.configuration(
                "\(Self.endless) access_log DIR/pipe; access_log DIR/access.log;"
                    + "large_client_header_buffers 4 16k;"), files: Self.files,
            prepare: { unsafe mkfifo($0.path + "/pipe", 0o600) })
        let client = NumberedClient(server, connections: 4, padding: 2000)
        // More than the pipe and the logger's buffer hold.
        for number in 0..<1500 { try client.send(number) }
        try waitFor("the other log") { numbers(server.accessLog).count == 1500 }
        try waitFor("a report of dropped lines") { lost(server) > 0 }
        // The pipe is read at last; later lines are read too.
        let reader = try ChildProcess(
            "cat", [server.directory.path + "/pipe"], output: server.directory.path + "/read",
            error: "/dev/null")
        try waitFor("a line") { !reader.output.isEmpty }
        var count = 1500
        try waitFor("a line after the dropped ones") {
            try client.send(count)
            count += 1
            return (numbers(reader.output).last ?? 0) >= 1500
        }
        client.closeAll()
        try server.end()
        _ = try reader.waitForExit()
        let read = reader.output.split(separator: "\n")
        #expect(read.allSatisfy { $0.hasPrefix("127.0.0.1 - ") && $0.hasSuffix("\"-\" \"-\"") })
        #expect(read.count + lost(server) == count)
    }

    @Test func fullDiskDropsAndCountsLines() throws {
        let server = try TestServer(
            "\(Self.endless) access_log /dev/full; large_client_header_buffers 4 16k;",
            files: Self.files)
        let client = NumberedClient(server, connections: 4, padding: 2000)
        for number in 0..<1000 { try client.send(number) }
        #expect(client.completed.count == 1000)
        client.closeAll()
        try server.end()
        // All lines are dropped, some only at the end.
        #expect(lost(server) == 1000)
        let said = server.errorLog.split(separator: "\n").filter { $0.contains("/dev/full") }
        #expect(said.count < 5, "\(said)")
    }

    // MARK: rights

    @Test(.enabled(if: Product.isRoot)) func loggerKeepsOnlyRightToOpenLogs() throws {
        let server = try TestServer(
            "access_log ROOT/logs/$arg_x.log;", files: ["a": "x", "logs/keep": "x"])
        unsafe chmod(server.directory.root, 0o777)
        unsafe chmod(server.directory.root + "/logs", 0o777)
        // A file that a request names is opened as the workers' user.
        _ = try server.fetch("/a?x=mine")
        try server.waitForLog("root/logs/mine.log", "the line") { $0.contains("x=mine") }
        var facts = stat()
        #expect(unsafe stat(server.directory.root + "/logs/mine.log", &facts) == 0)
        #expect(facts.st_uid != 0)
        // A logger that writes has dropped its privileges.
        let logger = try waitForValue("a logger") { server.loggers.first }
        let status = try readText("/proc/\(logger)/status")
        // CAP_DAC_OVERRIDE, CAP_SETGID and CAP_SETUID.
        for name in ["CapPrm", "CapEff", "CapBnd"] {
            #expect(status.contains("\(name):\t00000000000000c2\n"), "\(status)")
        }
        #expect(status.contains("NoNewPrivs:\t1"))
        let listening = try listeningInodes(port: server.port)
        #expect(!listening.isEmpty && listening.isDisjoint(with: socketInodes(of: logger)))
        unsafe chmod(server.directory.root + "/logs", 0o755)
        _ = try server.fetch("/a?x=other")
        try server.waitForError("/logs/other.log\" failed (13: Permission denied)")
        for worker in server.workers {
            let files = try openNames(of: worker)
            #expect(!files.contains { $0.hasSuffix(".log") }, "\(files)")
        }
    }

    @Test func singleProcessWritesItsLogs() throws {
        let server = try TestServer(
            Self.endless, main: "master_process off;", files: Self.files)
        for number in 0..<3 { _ = try server.fetch("/a?n=\(number)&") }
        try waitFor("the lines") { numbers(server.accessLog) == [0, 1, 2] }
        let log = server.directory.path + "/access.log"
        #expect(unsafe rename(log, log + ".1") == 0)
        server.process.signal(SIGUSR1)
        try waitFor("the new file") { unsafe access(log, F_OK) == 0 }
        _ = try server.fetch("/a?n=3&")
        try waitFor("the line") { numbers(server.accessLog) == [3] }
        #expect(server.loggers.isEmpty)
    }

    // MARK: calls

    /// Counts the system calls of a worker for 300 requests on an open connection, thirty at a
    /// time.
    private func calls(_ log: String) throws -> [String: Int] {
        let server = try TestServer("\(log) \(Self.endless)", files: Self.files)
        let client = try server.connect()
        try client.request("GET /a HTTP/1.1")
        _ = try client.response()
        let thirty = String(repeating: "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", count: 30)
        return try CallCount.during(server) {
            for _ in 0..<10 {
                try client.send(thirty)
                for _ in 0..<30 { _ = try client.response() }
            }
        }
    }

    @Test(.enabled(if: CallTrace.isPossible, Comment(rawValue: CallTrace.lacking)))
    func logLineNeedsNoSystemCall() throws {
        let without = try calls("access_log off;")
        let with = try calls(
            "access_log DIR/one.log; access_log DIR/two.log combined buffer=1m;")
        #expect(try #require(without["sendto"] ?? without["sendmsg"]) >= 10)
        // Less than one call per three lines: the logger is woken when it sleeps, and workers are
        // notified of mounts that others make.
        for (name, count) in with {
            let more = count - without[name, default: 0]
            #expect(more <= 100, "\(name): \(count), without a log \(without[name, default: 0])")
        }
    }
}
