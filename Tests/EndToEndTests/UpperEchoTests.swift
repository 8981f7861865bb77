import Foundation
import Glibc
import Testing

/// The example in Examples/upper-echo, with many clients at once.
@Suite(.serialized) struct UpperEchoTests {
    static let engines = ["epoll", "poll", "select"]

    private static let binary: String = {
        let directory = (Product.binary as NSString).deletingLastPathComponent
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let beside = ((bundle ?? "/") as NSString).deletingLastPathComponent
        return [beside, directory, Product.repository + "/.build/debug"].map { $0 + "/upper-echo" }
            .first { unsafe access($0, X_OK) == 0 } ?? "upper-echo"
    }()

    /// The running example.
    private final class Echo {
        let directory: TemporaryDirectory
        let port: UInt16
        let process: ChildProcess

        init(_ engine: String, _ arguments: [String] = []) throws {
            directory = try TemporaryDirectory()
            let port = FreePorts.take(1)[0]
            let process = try ChildProcess(
                UpperEchoTests.binary, ["--engine", engine, "--port", "\(port)"] + arguments,
                output: directory.path + "/out", error: directory.path + "/error")
            self.port = port
            self.process = process
            try waitFor("the example") {
                try #require(process.isRunning, "\(process.output) \(process.errorOutput)")
                return (try? RawClient(.ipv4(port))) != nil
            }
        }

        func end() throws -> String {
            process.signal(SIGINT)
            #expect(try process.waitForExit() == .code(0))
            return process.output
        }
    }

    /// Every client sends its lines in arbitrary pieces, in turn with the others; each third one
    /// shuts down its sending side before it reads.
    @Test(arguments: engines)
    func fiveHundredClientsAreServed(engine: String) throws {
        let echo = try Echo(engine)
        var random = SystemRandomNumberGenerator()
        var pieces: [[Substring]] = []
        var expected: [String] = []
        let clients = try (0..<500).map { number in
            let text =
                (0..<8).map { line in
                    "client \(number), line \(line): "
                        + String(repeating: "aZ\u{e9}-", count: .random(in: 0..<40, using: &random))
                }.joined(separator: "\n") + "\n"
            var rest = Substring(text)
            var cut: [Substring] = []
            while !rest.isEmpty {
                cut.append(rest.prefix(.random(in: 1...200, using: &random)))
                rest = rest.dropFirst(cut[cut.count - 1].count)
            }
            pieces.append(cut)
            // ASCII letters only, as in the example.
            expected.append(
                String(
                    String.UnicodeScalarView(
                        text.unicodeScalars.map {
                            $0.isASCII
                                ? Unicode.Scalar(String($0).uppercased())! : $0
                        })))
            return try RawClient(.ipv4(echo.port))
        }
        for turn in 0..<(pieces.map(\.count).max() ?? 0) {
            for (client, cut) in zip(clients, pieces) where turn < cut.count {
                try client.send(String(cut[turn]))
            }
        }
        for (index, client) in clients.enumerated() {
            if index % 3 == 0 { client.closeWriting() }
            let bytes =
                index % 3 == 0
                ? try client.readToEnd() : try client.take(expected[index].utf8.count)
            #expect(String(decoding: bytes, as: UTF8.self) == expected[index])
        }
        for client in clients { client.close() }
        #expect(try echo.end().contains("501 clients"))
    }

    /// A client that sends much before it reads: the server buffers little of it, and loses
    /// nothing.
    @Test(arguments: engines)
    func clientThatDoesNotReadIsNotReadFrom(engine: String) throws {
        let echo = try Echo(engine, ["--trace"])
        let slow = try RawClient(.ipv4(echo.port), receiveBuffer: 4096)
        let block = Array(String(repeating: "abcdefgh", count: 2048).utf8)
        let sent = slow.flood(block, limit: 64 << 20)
        #expect(sent > 0 && sent < 64 << 20, "\(sent)")
        // Other clients are served meanwhile.
        let other = try RawClient(.ipv4(echo.port))
        try other.send("hello\n")
        #expect(try String(decoding: other.take(6), as: UTF8.self) == "HELLO\n")
        slow.closeWriting()
        let response = try slow.readToEnd()
        #expect(response.count == sent)
        #expect(response.prefix(8).elementsEqual("ABCDEFGH".utf8))
        let trace = try echo.end()
        for line in ["register ", "modify ", ": writable", ": readable", "unregister "] {
            #expect(trace.contains(line), "\(line)")
        }
    }

    @Test func clientShowsResponses() throws {
        let echo = try Echo("epoll")
        let result = try run(
            "bash",
            [
                "-c",
                "printf 'hello\\nworld\\nq\\nnot sent\\n' | '\(Self.binary)' "
                    + "--connect 127.0.0.1:\(echo.port)",
            ])
        #expect(result.output == "HELLO\nWORLD\n", "\(result.error)")
        #expect(result.succeeded)
        #expect(try run(Self.binary, ["--engine", "kqueue"]).exit == .code(2))
        #expect(try run(Self.binary, ["--port", "\(echo.port)"]).exit == .code(1))
        #expect(try echo.end().contains("2 clients, 0 of them still there"))
    }
}
