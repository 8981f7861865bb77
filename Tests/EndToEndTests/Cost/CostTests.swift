import Foundation
import Glibc
import Testing

/// The cost of a request in numbers that are the same on every machine. They are those of the
/// release binary, which `make test` names.
@Suite(
    .serialized, .enabled(if: Product.isApus && Product.binary.contains("release"), "not optimized")
) struct CostTests {
    /// Prints the measured value, so that a bound can be set; the allowance is in the bound.
    private func expect(
        _ what: String, _ value: Double, _ bound: Double,
        _ location: SourceLocation = #_sourceLocation
    ) {
        print("cost: \(what) \(String(format: "%.2f", value)), bound \(bound)")
        #expect(value <= bound, "\(what)", sourceLocation: location)
    }

    @Test func requestsHaveExpectedSizes() {
        #expect(CostServer.short.utf8.count == 60)
        #expect(CostServer.browser.utf8.count == 700)
    }

    // MARK: instructions

    @Test func instructions() throws {
        let each = try InstructionCount.each(of: CostServer.short)
        #expect(each > 100, "that cannot be all of them")
        expect("instructions", each, Bounds.instructions)
    }

    @Test func instructionsWithABrowsersHead() throws {
        let each = try InstructionCount.each(of: CostServer.browser)
        expect("instructions, browser's head", each, Bounds.browserInstructions)
    }

    /// A missing path with as many segments as fit into a request line costs what its bytes cost.
    /// Each is requested until it is cached.
    @Test func instructionsOfLongMissingPath() throws {
        let names = String(repeating: "/a", count: 1990)
        let each = try InstructionCount.each(few: 5, many: 55) { client, count in
            for number in 0..<count {
                for _ in 0..<3 {
                    try client.request("GET /none-\(number)\(names) HTTP/1.1")
                    #expect(try client.response().status == 404)
                }
            }
        }
        expect("instructions, a long missing path", each / 3, Bounds.missingPathInstructions)
    }

    /// The cost of a line in the access log, in nginx's format.
    @Test(arguments: [CostServer.short, CostServer.browser])
    func instructionsOfLogLine(request: String) throws {
        let without = try InstructionCount.each(of: request)
        let with = try InstructionCount.each(of: request, log: "DIR/access.log")
        let isShort = request == CostServer.short
        expect(
            isShort ? "instructions, a line" : "instructions, a line, browser's head",
            with - without, isShort ? Bounds.lineInstructions : Bounds.browserLineInstructions)
    }

    /// A 404 whose message is only counted, since there were a thousand in this minute, costs
    /// little more than one that is not logged.
    @Test func instructionsOfLoggedNotFound() throws {
        let (unlogged, logged) = try (notFoundInstructions(false), notFoundInstructions(true))
        expect("instructions, a 404", unlogged, Bounds.notFoundInstructions)
        expect("instructions, a logged 404", logged, Bounds.notFoundInstructions * 1.15)
    }

    private func notFoundInstructions(_ isLogged: Bool) throws -> Double {
        let request = Array("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        return try InstructionCount.each(few: 1100, many: 2100, logsNotFound: isLogged) {
            client, count in
            for _ in 0..<count {
                try client.send(request)
                #expect(try client.response().status == 404)
            }
        }
    }

    // MARK: system calls

    @Test(arguments: [false, true])
    func callsOnOneConnection(isLogged: Bool) throws {
        let server = try CostServer.start(log: isLogged ? "DIR/access.log" : "off")
        let client = try server.connect()
        try CostServer.sendRequest(CostServer.short, count: 50, over: client)
        let requests = 1000
        let start = Date()
        var counts = try CallCount.during(server) {
            try CostServer.sendRequest(CostServer.short, count: requests, over: client)
        }
        let seconds = Date().timeIntervalSince(start)
        #expect(counts["epoll_wait"] ?? 0 >= requests, "each is waited for: \(counts)")
        // The logger is woken each time that it went to sleep: more often in a longer time.
        let wakes = counts.removeValue(forKey: "write") ?? 0
        #expect(Double(wakes) <= (isLogged ? 1 + seconds * Bounds.loggerLooks : 0), "\(counts)")
        let bound = isLogged ? Bounds.loggedCalls : Bounds.calls
        expect(isLogged ? "calls, logged" : "calls", CallCount.each(counts, of: requests), bound)
    }

    /// The worker is stopped while the requests arrive, so that it finds all of them.
    @Test func callsWithManyBusyConnections() throws {
        let server = try CostServer.start()
        let worker = try server.waitForWorkers(1)[0]
        let clients = try (0..<64).map { _ in try server.connect() }
        for client in clients {
            try CostServer.sendRequest(CostServer.short, count: 2, over: client)
        }
        let waves = 20
        let counts = try CallCount.during(server) {
            for _ in 0..<waves {
                try stop(worker)
                for client in clients { try client.send(CostServer.short) }
                kill(worker, SIGCONT)
                for client in clients { try CostServer.check(try client.response()) }
            }
        }
        let each = CallCount.each(counts, of: waves * clients.count)
        expect("calls, 64 busy", each, Bounds.busyCalls)
    }

    @Test func callsOfPipeline() throws {
        let server = try CostServer.start()
        let client = try server.connect()
        try CostServer.sendRequest(CostServer.short, count: 2, over: client)
        let batch = String(repeating: CostServer.short, count: 16)
        let batches = 100
        let counts = try CallCount.during(server) {
            for _ in 0..<batches {
                try client.send(batch)
                for _ in 0..<16 { try CostServer.check(try client.response()) }
            }
        }
        expect(
            "calls, 16 pipelined", CallCount.each(counts, of: 16 * batches),
            Bounds.pipelinedCalls)
    }

    /// Connections are accepted once their request has arrived (TCP_DEFER_ACCEPT); otherwise it
    /// would depend on timing whether the worker waits for it.
    @Test func callsOfNewConnection() throws {
        let server = try CostServer.start(listen: "deferred")
        for _ in 0..<20 { _ = try server.fetch("/a.bin") }
        let requests = 500
        let counts = try CallCount.during(server) {
            for _ in 0..<requests { try CostServer.check(try server.fetch("/a.bin")) }
        }
        expect(
            "calls, a connection each", CallCount.each(counts, of: requests),
            Bounds.closingCalls)
    }

    /// Stops a process, and waits until it has stopped.
    private func stop(_ process: pid_t) throws {
        kill(process, SIGSTOP)
        try waitFor("process \(process) to stop") {
            let status = try readText("/proc/\(process)/stat")
            return status.contains(") T ") || status.contains(") t ")
        }
    }

    // MARK: allocations

    @Test(arguments: [CostServer.short, CostServer.browser], ["off", "DIR/access.log"])
    func allocations(request: String, log: String) throws {
        let each = try AllocationCount.each(of: request, log: log)
        let bound = log == "off" ? Bounds.allocations : Bounds.loggedAllocations
        expect("allocations, access_log \(log)", each, bound)
    }
}
