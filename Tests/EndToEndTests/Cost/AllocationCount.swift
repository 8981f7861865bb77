import Foundation

/// Allocations, counted by a library that is loaded before the C library
/// (Tests/Preload/allocations.c).
enum AllocationCount {
    /// Of the server for one kept request.
    static func each(of request: String, log: String = "off") throws -> Double {
        let place = try TemporaryFolder()
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
        // What is kept for the next one is there after some requests.
        try CostServer.ask(request, count: 200, over: client)
        let before = try number(server)
        guard before > 100 else { throw Response.Malformed(description: "nothing was counted") }
        let requests = 1000
        try CostServer.ask(request, count: requests, over: client)
        return Double(try number(server) - before) / Double(requests)
    }

    private static func number(_ server: TestServer) throws -> Int {
        try readBytes(server.folder.path + "/allocations").reversed().reduce(0) {
            $0 << 8 | Int($1)
        }
    }
}
