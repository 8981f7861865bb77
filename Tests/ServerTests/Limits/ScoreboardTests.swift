import Glibc
import Linux
import Testing

@testable import Server

@Suite struct ScoreboardTests {
    private let busy = Scoreboard.Counts(
        accepted: 10, handled: 9, requests: 30, active: 6, reading: 1, writing: 2, waiting: 3)

    @Test func rowsAreAddedUp() throws {
        let board = try Scoreboard()
        let first = try #require(board.freeRow())
        board.take(first, for: 11)
        let second = try #require(board.freeRow())
        board.take(second, for: 12)
        #expect(first != second)
        board[first] = busy
        board[second] = busy
        let total = Scoreboard.Counts(
            accepted: 20, handled: 18, requests: 60, active: 12, reading: 2, writing: 4,
            waiting: 6)
        #expect(board.total == total)
    }

    @Test func whoHasEndedHasDoneWhatItDid() throws {
        let board = try Scoreboard()
        for process in 1...5000 as ClosedRange<Int32> {
            let row = try #require(board.freeRow())
            board.take(row, for: process)
            board[row] = busy
            board.release(process)
        }
        #expect(
            board.total == Scoreboard.Counts(accepted: 50_000, handled: 45_000, requests: 150_000))
        board.release(7)
        #expect(board.total.accepted == 50_000)
    }

    @Test func thereAreOnlySoManyRows() throws {
        let board = try Scoreboard()
        var process: Int32 = 1
        while let row = board.freeRow() {
            board.take(row, for: process)
            process += 1
        }
        #expect(process == Int32(Scoreboard.rows))
        board.release(5)
        #expect(board.freeRow() == 5)
    }

    @Test func anotherProcessSeesIt() throws {
        let board = try Scoreboard()
        let counts = busy
        let child = try forkProcess()
        if child == 0 {
            board[1] = counts
            endProcess(0)
        }
        var status: Int32 = 0
        #expect(unsafe waitpid(child, &status, 0) == child)
        #expect(board[1] == busy)
    }

    @Test func whatAWorkerIsAtIsSeen() throws {
        let board = try Scoreboard()
        let row = try #require(board.freeRow())
        board.take(row, for: 11)
        let activity = board.activities[row]
        activity.turn()
        activity.begin(Array("GET /a HTTP/1.1".utf8).span, nowMs: 5)
        var seen = try #require(board.activity(of: 11))
        #expect(seen.turns == 1 && !seen.isWaiting && seen.isBusy)
        #expect(seen.text == Array("GET /a HTTP/1.1".utf8))
        // The next one is shorter, and nothing of the last one is left behind it.
        activity.begin(Array("GET /".utf8).span, nowMs: 6)
        activity.end()
        activity.willWait()
        seen = try #require(board.activity(of: 11))
        #expect(seen.isWaiting && !seen.isBusy && seen.text == Array("GET /".utf8))
        #expect(board.processes == [11])
        board.release(11)
        #expect(board.activity(of: 11) == nil && board.processes.isEmpty)
        #expect(board.activities[row].snapshot == Activity.Snapshot())
    }

    @Test func aLongRequestIsCut() throws {
        let board = try Scoreboard()
        let activity = board.activities[3]
        let long = [UInt8](repeating: 0x61, count: 5000)
        activity.begin(long.span, nowMs: 0)
        let text = activity.snapshot.text
        #expect(text.count >= 128 && text.count < 200 && text.allSatisfy { $0 == 0x61 })
    }
}
