import Foundation
import Testing

/// Allocations, counted by a library that is loaded before the C library
/// (Tests/Preload/allocations.c).
enum AllocationCount {
    /// Returns the allocations of the worker for one request on an open connection. Those of the
    /// logger are not included: it allocates each time that it looks for lines, so the number
    /// depends on how long the requests take.
    static func each(of request: String, log: String = "off") throws -> Double {
        let place = try TemporaryDirectory()
        let library = place.path + "/allocations.so"
        let built = try run(
            "cc",
            [
                "-O2", "-shared", "-fPIC", "-o", library,
                Product.repository + "/Tests/Preload/allocations.c",
            ])
        guard built.succeeded else { throw Response.Malformed(description: built.error) }
        let server = try CostServer.start(
            log: log, environment: ["LD_PRELOAD=\(library)", "ALLOCATIONS=DIR/allocations"])
        let client = try server.connect()
        // Memory that is reused for later requests is allocated after a few requests.
        try CostServer.sendRequest(request, count: 200, over: client)
        let before = try number(server)
        guard before > 50 else { throw Response.Malformed(description: "nothing was counted") }
        let requests = 1000
        try CostServer.sendRequest(request, count: requests, over: client)
        return Double(try number(server) - before) / Double(requests)
    }

    /// Returns the number of allocations of the first worker so far.
    private static func number(_ server: TestServer) throws -> Int {
        let worker = try server.waitForWorkers(1)[0]
        let words = try readBytes(server.directory.path + "/allocations")
        let numbers = stride(from: 0, to: words.count, by: 8).map { start in
            words[start..<start + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        for index in stride(from: 0, to: numbers.count, by: 2) where numbers[index] == worker {
            return numbers[index + 1]
        }
        throw Response.Malformed(description: "the worker \(worker) is not counted")
    }
}
