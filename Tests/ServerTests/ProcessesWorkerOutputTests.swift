import Foundation
import Linux
import Testing

@testable import Server

@Suite struct ProcessesWorkerOutputTests {
    @Test func linesAreTakenWhole() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer { closeDescriptor(pipe.reads) }
        var output = WorkerOutput(process: 7, role: .worker(0), descriptor: pipe.reads)
        #expect(output.read().lines.isEmpty)
        writeAll(pipe.writes, "one\ntw")
        #expect(output.read() == (["one"], true))
        writeAll(pipe.writes, "o\n\nthree")
        #expect(output.read() == (["two"], true))
        closeDescriptor(pipe.writes)
        #expect(output.read() == (["three"], false))
    }

    @Test func wordsAreNoText() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer { closeDescriptor(pipe.reads) }
        var output = WorkerOutput(process: 7, role: .worker(0), descriptor: pipe.reads)
        writeBytes(pipe.writes, [1] + Array("Fatal ".utf8) + [2] + Array("error\n".utf8))
        closeDescriptor(pipe.writes)
        #expect(output.read() == (["Fatal error"], false))
        #expect(output.takeWords() == [.serves, .acceptsNoMore])
        #expect(output.takeWords().isEmpty)
    }

    @Test func aLineWithoutEndIsCut() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer { closeDescriptor(pipe.reads) }
        var output = WorkerOutput(process: 7, role: .worker(0), descriptor: pipe.reads)
        writeAll(pipe.writes, String(repeating: "x", count: 5000))
        closeDescriptor(pipe.writes)
        #expect(output.read().lines.map(\.utf8.count) == [2048, 2048, 904])
    }
}
