import Foundation
import Glibc
import Linux
import Testing

@testable import Server

/// Readers of memory that less privileged processes write: for any content, they terminate, stay
/// within their bounds, and accept valid content afterwards.
@Suite struct HostileMemoryTests {
    private static let odd: [UInt64] = [
        0, 1, 7, 8, 16, 1 << 20, 1 << 21, 1 << 21 + 8, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 32, 1 << 63,
        .max, .max - 7,
    ]

    // MARK: rings

    /// The logger's end of a ring with arbitrary numbers and bytes.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func corruptRingIsReadToItsEnd(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rings = try LogRings(count: 1)
        let ring = rings.rings[0]
        let line = Array("a line".utf8)
        for round in 0..<100 {
            for _ in 0..<20 { ring.put(LogRecord(kind: .access), line.span) }
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                let number = HostileMemoryTests.odd.randomElement(using: &random) ?? 0
                ring.words.release(number, at: Int.random(in: 0..<20, using: &random))
            }
            for _ in 0..<50 {
                let first =
                    Bool.random(using: &random)
                    ? random.next()
                    : UInt64.random(in: 0..<64, using: &random) | UInt64.random(
                        in: 0..<5, using: &random) << 32
                ring.bytes.store(first, at: UInt64.random(in: 0..<4096, using: &random))
            }
            var reader = ring.reader()
            var records = 0
            var bytes = 0
            while reader.next() != nil {
                records += 1
                let span = ring.bytes.span(at: reader.lineStart, count: reader.lineCount)
                bytes += span.count
            }
            #expect(records <= LogRing.size / LogRecord.size, "seed \(seed), round \(round)")
            #expect(bytes <= LogRing.size, "seed \(seed), round \(round)")
            ring.commit(reader.position)
            ring.markReported(ring.unreportedLosses)
            let isEmpty = ring.isEmpty
            #expect(isEmpty, "seed \(seed), round \(round)")
        }
        // The next worker with this ring can use it.
        ring.takeOver()
        var reader = ring.reader()
        while reader.next() != nil {}
        ring.commit(reader.position)
        let isPut = ring.put(LogRecord(kind: .access), line.span)
        #expect(isPut)
        reader = ring.reader()
        #expect(reader.next() == LogRecord(kind: .access))
        let read = ring.bytes.span(at: reader.lineStart, count: reader.lineCount).text
        #expect(read == "a line")
        #expect(reader.next() == nil && !reader.isBroken)
    }

    /// Records with arbitrary content, handled by the process that writes the logs.
    @Test func corruptRecordIsWrittenOrDropped() throws {
        let directory = try TemporaryDirectory()
        let text = """
            error_log \(directory.path)/error.log info; events { }
            http {
                access_log \(directory.path)/access.log;
                server { listen 127.0.0.1:80; access_log \(directory.path)/named/$arg_x.log; }
            }
            """
        let plan = try #require(loaded(text).plan)
        let logs = try Logs.open(plan, generation: 0)
        let writer = LogWriter(logs, stderrDescriptor: 2, namesAs: nil)
        var random = SeededGenerator(seed: 9)
        let bytes = (0..<600).map { _ in UInt8.random(in: 0...255, using: &random) }
        for round in 0..<1500 {
            let record = LogRecord(
                kind: LogRecord.Kind.allCases.randomElement(using: &random) ?? .named,
                level: LogLevel(rawValue: UInt8.random(in: 0..<9, using: &random)) ?? .info,
                errorLog: [0, 1, 65535].randomElement(using: &random) ?? 0,
                target: [0, 1, -1, Int(Int32.max), Int(Int32.min)].randomElement(using: &random)
                    ?? 0,
                detail: [0, 1, 9, 600, 601, Int(UInt32.max)].randomElement(using: &random) ?? 0)
            let count = Int.random(in: 0...600, using: &random)
            writer.write(record, bytes.span.extracting(0..<count), nowMs: Int64(round))
        }
        writer.finish(nowMs: 10_000)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(names.sorted() == ["access.log", "error.log"])
        let log = String(
            decoding: try Data(contentsOf: URL(fileURLWithPath: directory.path + "/error.log")),
            as: UTF8.self)
        #expect(log.contains("a worker sent a file name that no \"access_log\" allows"))
    }

    /// Names that a worker may send for a log with variables in its name.
    @Test(arguments: [
        ("named/x.log", true), ("named/sub/../x.log", false), ("named/../x.log", false),
        ("other/x.log", false), ("named/x", false), ("named/\u{0}.log", false),
    ])
    func logNamesMatchConfiguration(name: String, isOpened: Bool) throws {
        let directory = try TemporaryDirectory()
        for folder in ["named", "other", "named/sub"] {
            unsafe mkdir("\(directory.path)/\(folder)", 0o755)
        }
        let log = VariableLog(
            [Array("\(directory.path)/named/".utf8), nil, Array(".log".utf8)], cache: -1)
        var files = VariableLogFiles([log], [], openedAs: nil)
        let line = Array("line\n".utf8)
        let path = Array("\(directory.path)/\(name)".utf8)
        #expect(files.append(line.span, to: path, log: 0, nowMs: 0) == nil)
        for index in [-1, 1, Int.max] {
            #expect(files.append(line.span, to: path, log: index, nowMs: 0) == nil)
        }
        let isThere = unsafe access(directory.path + "/named/x.log", F_OK) == 0
        #expect(isThere == isOpened)
        #expect(unsafe access(directory.path + "/x.log", F_OK) != 0)
        #expect(unsafe access(directory.path + "/other/x.log", F_OK) != 0)
        #expect(files.popReport(nowMs: 0)?.hasPrefix("\(isOpened ? 3 : 4) log lines") == true)
    }

    @Test func longNameGivesShortMessage() {
        let log = VariableLog([Array("/".utf8), nil], cache: -1)
        var files = VariableLogFiles([log], [], openedAs: nil)
        let path = [UInt8](repeating: UInt8(ascii: "/"), count: 500_000)
        let message = files.append([1].span, to: path, log: 0, nowMs: 0) ?? ""
        #expect(message.contains("File name too long") && message.utf8.count < 600)
    }

    /// If the identity of the workers' user is not available, a log that a request names is not
    /// opened.
    @Test(.enabled(if: geteuid() != 0, "root may become anybody"))
    func unavailableUserOpensNothing() throws {
        let directory = try TemporaryDirectory()
        let path = Array("\(directory.path)/x".utf8)
        let other = Identity(user: 4242, group: 4242, groups: [])
        #expect(throws: FileError(code: EPERM)) { try LogFileCache.open(path, as: other).get() }
        #expect(unsafe access(directory.path + "/x", F_OK) != 0)
    }

    // MARK: workerRecords, and notifications to the master

    @Test func corruptActivityIsShown() throws {
        let memory = try SharedMemory(size: Activity.size)
        let words = memory.table(of: UInt64.self, at: 0, count: Activity.size / 8)
        let activity = memory.activity(at: 0)
        var random = SeededGenerator(seed: 4)
        var reports = CrashReports()
        var watchdog = Watchdog(limitMs: 100, nowMs: 0)
        for round in 0..<500 {
            for index in 0..<words.count {
                words[index] =
                    Bool.random(using: &random)
                    ? random.next() : HostileMemoryTests.odd.randomElement(using: &random) ?? 0
            }
            let snapshot = activity.snapshot
            #expect(snapshot.text.count <= 136)
            for line in reports.lines(7, snapshot) {
                // 136 bytes, each escaped as up to four characters.
                #expect(line.utf8.count < 700 && line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
            }
            let sight = Watchdog.WorkerSample(process: 7, activity: snapshot)
            #expect(watchdog.check(at: [sight], nowMs: Int64(round)).count <= 1)
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func corruptReloadRecordIsRejected(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var state = ReloadRecord.State()
        state.text = "some text"
        let right = ReloadRecord.bytes(of: state)
        for _ in 0..<300 {
            var bytes = right
            for _ in 0..<Int.random(in: 1..<5, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) {
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
            }
            let read = ReloadRecord.state(in: bytes)
            #expect(read == nil || bytes == right || read?.text.utf8.count ?? 0 <= bytes.count)
        }
    }

    /// The pipe for a worker's notifications and the messages of a trap.
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func workerOutputIsShortLines(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pipe = try openPipe(readsNonblocking: true)
        defer { closeDescriptor(pipe.reads) }
        var output = WorkerOutput(process: 7, role: .worker(0), descriptor: pipe.reads)
        for round in 0..<5 as Range<Int64> {
            let bytes = (0..<10_000).map { _ in UInt8.random(in: 0...255, using: &random) }
            writeBytes(pipe.writes, bytes)
            // Each round is long after the one before, so nothing is dropped.
            let nowMs = round &* 60_000
            let (lines, isOpen) = output.read(nowMs: nowMs)
            #expect(isOpen)
            // Each byte of invalid UTF-8 becomes three.
            #expect(lines.allSatisfy { $0.utf8.count <= 3 * 2048 })
            #expect(output.popStatuses().count <= 65536)
            while !output.read(nowMs: nowMs).lines.isEmpty {}
            _ = output.popStatuses()
        }
        closeDescriptor(pipe.writes)
    }

    /// Packets that a worker may send to the helper process.
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func corruptPacketIsRejected(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1000 {
            var bytes = (0..<Int.random(in: 0..<60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if bytes.count > 8 { bytes[8] = UInt8.random(in: 0..<6, using: &random) }
            let end = HelperProtocol.head(of: bytes.span)?.end
            #expect(end == nil || end ?? 0 <= bytes.count)
            if let piece = HelperProtocol.piece(ofQuestion: bytes.span) {
                #expect(piece.offset >= 0 && piece.count >= 0 && piece.count <= FilePiece.maxCount)
                _ = piece.remainder(behind: piece.count)
                _ = piece.end
            }
            if let parts = HelperProtocol.parts(ofQuestion: bytes.span) {
                #expect(parts.hash <= parts.password && parts.password <= bytes.count)
            }
        }
    }

    // MARK: packets with descriptors

    @Test func packetDescriptorsAreClosed() throws {
        let ends = try openSocketPair()
        defer {
            closeDescriptor(ends.0)
            closeDescriptor(ends.1)
        }
        func count() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        }
        let pipe = try openPipe(readsNonblocking: true)
        defer {
            closeDescriptor(pipe.reads)
            closeDescriptor(pipe.writes)
        }
        var message = [UInt8](repeating: 0, count: 10)
        var passed: Int32 = -1
        // Longer than the buffer: the packet is discarded, and its descriptor closed.
        #expect(send(ends.0, [UInt8](repeating: 1, count: 11), passing: pipe.reads) == .bytes(11))
        #expect(receive(ends.1, into: &message, passed: &passed) == .failed(EMSGSIZE))
        #expect(passed == -1)
        #expect(send(ends.0, [], passing: pipe.reads) == .bytes(0))
        #expect(receive(ends.1, into: &message, passed: &passed) == .bytes(0))
        if passed >= 0 { closeDescriptor(passed) }
        #expect(!isAbandoned(ends.1))
        #expect(receive(ends.1, into: &message, passed: &passed) == .wouldBlock)
        shutdown(ends.0, Int32(SHUT_WR))
        #expect(isAbandoned(ends.1))
    }
}
