import Glibc
import Linux
import Testing

@testable import Server

/// Records that the master assigns to workers and takes back.
@Suite struct WorkerRecordTests {
    private let busy = Scoreboard.Counts(
        accepted: 10, handled: 9, requests: 30, active: 6, reading: 1, writing: 2, waiting: 3)

    @Test func totalsOfExitedWorkersAreKept() throws {
        let records = try WorkerRecords()
        for process in 1...5000 as ClosedRange<Int32> {
            let record = try records.open()
            records.assign(record, to: process)
            records.scoreboard[try #require(record.row)] = busy
            records.retire(process)
        }
        #expect(
            records.scoreboard.total
                == Scoreboard.Counts(accepted: 50_000, handled: 45_000, requests: 150_000))
        records.retire(7)
        #expect(records.scoreboard.total.accepted == 50_000)
        #expect(records.registry.deaths == 5000)
    }

    @Test func numberOfRecordsIsLimited() throws {
        let records = try WorkerRecords()
        var process: Int32 = 1
        while let record = try? records.open() {
            records.assign(record, to: process)
            process += 1
        }
        #expect(process == Int32(WorkerRegistry.rows))
        #expect(throws: SystemError.self) { try records.open() }
        records.retire(5)
        let next = try records.open()
        #expect(WorkerRegistry.row(of: next.number) == 5)
        records.free(next)
        #expect(!records.registry.isAlive(next.number))
    }

    @Test func activityIsVisibleToMaster() throws {
        let records = try WorkerRecords()
        let record = try records.open()
        records.assign(record, to: 11)
        record.activity.beginIteration()
        record.activity.beginWork(Array("GET /a HTTP/1.1".utf8).span, nowMs: 5)
        var seen = try #require(records.activity(of: 11))
        #expect(seen.iterations == 1 && !seen.isWaiting && seen.isBusy)
        #expect(seen.text == Array("GET /a HTTP/1.1".utf8))
        // The next request is shorter; nothing of the last one remains.
        record.activity.beginWork(Array("GET /".utf8).span, nowMs: 6)
        record.activity.endWork()
        record.activity.willWait()
        seen = try #require(records.activity(of: 11))
        #expect(seen.isWaiting && !seen.isBusy && seen.text == Array("GET /".utf8))
        #expect(records.processes == [11])
        records.retire(11)
        #expect(records.activity(of: 11) == nil && records.processes.isEmpty)
    }

    @Test func longRequestIsTruncated() throws {
        let record = try WorkerRecords().open()
        let long = [UInt8](repeating: 0x61, count: 5000)
        record.activity.beginWork(long.span, nowMs: 0)
        let text = record.activity.snapshot.text
        #expect(text.count >= 128 && text.count < 200 && text.allSatisfy { $0 == 0x61 })
    }

    // MARK: the registry

    @Test func workerNumbersAreNeverReused() throws {
        let registry = try WorkerRegistry()
        let first = try #require(registry.add())
        let second = try #require(registry.add())
        #expect(registry.isAlive(first) && registry.isAlive(second) && first != second)
        registry.remove(first)
        #expect(!registry.isAlive(first) && registry.deaths == 1)
        let third = try #require(registry.add())
        #expect(WorkerRegistry.row(of: third) == WorkerRegistry.row(of: first))
        #expect(third != first && registry.isAlive(third) && !registry.isAlive(first))
        registry.remove(first)
        #expect(registry.isAlive(third) && registry.deaths == 1)
    }

    @Test(
        arguments: [0, 1, 1 << 48, 1 << 61, UInt64.max, 0xFFFF << 48, 8192 << 48 | 1] as [UInt64])
    func unknownNumbersAreNotAlive(number: UInt64) throws {
        let registry = try WorkerRegistry()
        _ = registry.add()
        #expect(!registry.isAlive(number))
        registry.remove(number)
        #expect(registry.deaths == 0)
    }

    /// A worker cannot mark another one as dead: its mapping stays read-only.
    @Test func workersCannotWriteTheRegistry() throws {
        let registry = try WorkerRegistry()
        let number = try #require(registry.add())
        registry.makeReadOnly()
        let maps = try String(decoding: readWholeFile("/proc/self/maps"), as: UTF8.self)
        // Excludes the boards of other tests, which they may write.
        let mine = maps.split(separator: "\n").filter {
            $0.contains("memfd:apus-board") && $0.contains(" r--s ")
        }
        #expect(!mine.isEmpty)
        for line in mine {
            let start = try #require(UInt(line.prefix { $0 != "-" }, radix: 16))
            let address = unsafe UnsafeMutableRawPointer(bitPattern: start)
            let returned = unsafe mprotect(address, 4096, PROT_READ | PROT_WRITE)
            let code = errno
            #expect(returned == -1 && code == EACCES)
        }
        registry.remove(number)
        #expect(registry.isAlive(number))
    }
}

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
