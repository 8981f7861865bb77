import Foundation
import Glibc
import Testing

/// User instructions, counted with callgrind.
enum InstructionCount {
    /// Returns the instructions of a worker for one request: the difference between a run of many
    /// and one of few, so that startup is not included.
    static func each(of request: String, log: String = "off") throws -> Double {
        try each(few: 500, many: 2500, log: log) { client, count in
            try CostServer.sendRequest(request, count: count, over: client)
        }
    }

    /// Returns the instructions of a worker for one of the requests that `sendRequests` sends over
    /// a connection, `count` at a time.
    static func each(
        few: Int, many: Int, log: String = "off", logsNotFound: Bool = false,
        _ sendRequests: (RawClient, Int) throws -> Void
    ) throws -> Double {
        // valgrind may not know the debugging information of a newer compiler.
        let place = try TemporaryDirectory()
        let binary = place.path + "/apus"
        let stripped = try run("strip", ["-o", binary, Product.binary])
        guard stripped.succeeded else { throw Response.Malformed(description: stripped.error) }
        let difference =
            try total(binary, log, logsNotFound) { try sendRequests($0, many) }
            - total(binary, log, logsNotFound) { try sendRequests($0, few) }
        return Double(difference) / Double(many - few)
    }

    private static func total(
        _ binary: String, _ log: String, _ logsNotFound: Bool,
        _ sendRequests: (RawClient) throws -> Void
    ) throws -> Int {
        let server = try CostServer.start(
            log: log, logsNotFound: logsNotFound, binary: binary,
            wrapper: ["valgrind", "--tool=callgrind", "--callgrind-out-file=DIR/callgrind.%p"],
            // callgrind makes calls of its own in the worker, and writes a file.
            main: "sandbox off;")
        let worker = try server.waitForWorkers(1)[0]
        let client = try server.connect()
        // A running logger sleeps when it has written all lines, and the next line wakes it: how
        // often depends on scheduling.
        let loggers = log == "off" ? [] : server.loggers
        for logger in loggers { kill(logger, SIGSTOP) }
        defer { for logger in loggers { kill(logger, SIGCONT) } }
        try sendRequests(client)
        client.close()
        for logger in loggers { kill(logger, SIGCONT) }
        server.process.signal(SIGTERM)
        _ = try server.process.waitForExit()
        let text = try readText(server.directory.path + "/callgrind.\(worker)")
        let line = text.split(separator: "\n").first { $0.hasPrefix("summary: ") }
        guard let number = line.flatMap({ Int($0.dropFirst(9)) }) else {
            throw Response.Malformed(description: "callgrind wrote no summary: \(server.errorLog)")
        }
        return number
    }
}
