import Glibc
import Linux
import Testing

@testable import Server

@Suite struct ScoreboardTests {
    private let busy = Scoreboard.Counts(
        accepted: 10, handled: 9, requests: 30, active: 6, reading: 1, writing: 2, waiting: 3)

    @Test func rowsAreSummed() throws {
        let board = try Scoreboard()
        board[1] = busy
        board[2] = busy
        let total = Scoreboard.Counts(
            accepted: 20, handled: 18, requests: 60, active: 12, reading: 2, writing: 4,
            waiting: 6)
        #expect(board.total == total)
    }

    @Test func otherProcessSeesCounts() throws {
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

    /// A hostile worker may write any number into any row.
    @Test func sumsWrapAround() throws {
        let board = try Scoreboard()
        let most = Scoreboard.Counts(
            accepted: .max, handled: .max, requests: .max, active: .max, reading: .max,
            writing: .max, waiting: .max)
        for row in 0..<Scoreboard.rows { board[row] = most }
        for row in 1..<Scoreboard.rows { board.retire(row) }
        #expect(board.total.active == .max)
    }
}
