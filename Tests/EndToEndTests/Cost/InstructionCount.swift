import Foundation
import Glibc
import Testing

/// User instructions, counted by callgrind.
enum InstructionCount {
    /// Of a worker for one request: the difference between a run of many and one of few, so that
    /// what it does once is not in it.
    static func each(of request: String, log: String = "off") throws -> Double {
        let few = 500
        let many = 2500
        // The debugging information of a newer compiler is what valgrind may not know.
        let place = try TemporaryFolder()
        let binary = place.path + "/apus"
        let stripped = try run("strip", ["-o", binary, Product.binary])
        guard stripped.succeeded else { throw Response.Malformed(description: stripped.error) }
        let difference =
            try total(binary, request, many, log) - total(binary, request, few, log)
        return Double(difference) / Double(many - few)
    }

    private static func total(
        _ binary: String, _ request: String, _ count: Int, _ log: String
    ) throws -> Int {
        let server = try CostServer.start(
            log: log, binary: binary,
            wrapper: ["valgrind", "--tool=callgrind", "--callgrind-out-file=DIR/callgrind.%p"],
            // callgrind makes calls of its own in the worker, and writes a file.
            main: "sandbox off;")
        let worker = try server.waitForWorkers(1)[0]
        let client = try server.connect()
        try CostServer.ask(request, count: count, over: client)
        client.close()
        server.process.signal(SIGTERM)
        _ = try server.process.waitForExit()
        let text = try readText(server.folder.path + "/callgrind.\(worker)")
        let line = text.split(separator: "\n").first { $0.hasPrefix("summary: ") }
        guard let number = line.flatMap({ Int($0.dropFirst(9)) }) else {
            throw Response.Malformed(description: "callgrind wrote no summary: \(server.errorLog)")
        }
        return number
    }
}
