import Glibc
import Linux
import Testing

@testable import Server

/// The master's record of reloads, and how `-s reload` interprets it.
@Suite struct ReloadRecordTests {
    private func state(_ text: String) -> ReloadRecord.State {
        ReloadRecord.State(begun: 7, ended: 6, outcome: .failed, text: text)
    }

    @Test(arguments: ["", "bind() to 0.0.0.0:80 failed\n", "two\nlines\n"])
    func recordRoundTrips(text: String) {
        let bytes = ReloadRecord.bytes(of: state(text))
        #expect(ReloadRecord.state(in: bytes) == state(text))
        // The rest of a longer text is ignored.
        #expect(ReloadRecord.state(in: bytes + [120, 10]) == state(text))
    }

    @Test func longTextIsTruncated() throws {
        let text = String(repeating: "x", count: 100_000)
        let read = try #require(ReloadRecord.state(in: ReloadRecord.bytes(of: state(text))))
        #expect(read.text.utf8.count == ReloadRecord.textLimit && read.begun == 7)
    }

    @Test func halfWrittenRecordIsRejected() {
        let whole = ReloadRecord.bytes(of: state("abc"))
        for place in whole.indices {
            var torn = whole
            torn[place] ^= 1
            #expect(ReloadRecord.state(in: torn) == nil, "\(place)")
            #expect(ReloadRecord.state(in: Array(whole.prefix(place))) == nil, "\(place)")
        }
    }

    @Test func watchSeesLaterReloads() throws {
        let board = try ReloadBoard()
        board.begin()
        guard let watch = try ReloadWatch(of: currentProcess()) else {
            Issue.record("no record of this process")
            return
        }
        board.end(.inForce)
        var result = watch.wait(timeoutMs: 0)
        #expect(result == .timedOut, "it may have read the files before")
        board.begin()
        board.end(.failed, ["why"])
        result = watch.wait(timeoutMs: 0)
        #expect(result == .failed("why\n"))
        board.begin()
        result = watch.wait(timeoutMs: 0)
        #expect(result == .failed("why\n"))
        board.end(.inForce)
        result = watch.wait(timeoutMs: 0)
        #expect(result == .inForce)
    }

    @Test func processWithoutRecordHasNone() throws {
        let watch = try ReloadWatch(of: getppid())
        if let watch { Issue.record("\(watch.wait(timeoutMs: 0))") }
    }
}
