import HTTP
import Linux

/// The access logs of a worker. Lines are gathered while the loop turns and written once a turn: a
/// busy worker makes one write(2) for many requests, and a line is never later than its turn.
struct AccessLog: ~Copyable {
    /// A turn's lines beyond this are written at once.
    private static let flushSize = 65536
    /// The longest line: a request line and fields may be long.
    private static let longestLine = 65536

    /// How often a file that cannot be written is complained of, as in nginx.
    private static let complaintIntervalMs: Int64 = 60_000

    private let files: LogFiles
    private let errorLog: ErrorLog
    /// What is to be written into each file.
    private var lines: [[UInt8]]
    private var isDirty = false
    /// Files whose last line is cut: the disk became full within it.
    private var isCut: [Bool]
    /// Until when nothing more is said of a file that cannot be written.
    private var silentUntilMs: [Int64]
    private let line: Buffer

    init(_ files: LogFiles, count: Int, errorLog: ErrorLog) {
        self.files = files
        self.errorLog = errorLog
        isCut = Array(repeating: false, count: count)
        silentUntilMs = Array(repeating: 0, count: count)
        lines = Array(repeating: [], count: count)
        line = unsafe Buffer(
            unsafe: .allocate(byteCount: AccessLog.longestLine, alignment: 16),
            capacity: AccessLog.longestLine)
    }

    deinit { unsafe line.start?.deallocate() }

    /// Where a line is written, its line end included, before it is added.
    func begin() -> HeadWriter { line.writer(from: 0) }

    /// Adds the line to a file.
    mutating func add(_ writer: HeadWriter, to file: Int) {
        guard lines.indices.contains(file) else { return }
        let bytes = line.span(from: 0, to: writer.count)
        for index in bytes.indices { lines[file].append(bytes[index]) }
        if writer.hasOverflowed { lines[file].append(UInt8(ascii: "\n")) }
        isDirty = true
        if lines[file].count > AccessLog.flushSize { flush() }
    }

    /// Writes what has been gathered.
    mutating func flush() {
        guard isDirty else { return }
        isDirty = false
        for index in lines.indices where !lines[index].isEmpty {
            write(index)
            lines[index].removeAll(keepingCapacity: true)
        }
    }

    /// Writes the lines of one file. What does not go in is lost, and the error log says so.
    private mutating func write(_ index: Int) {
        let descriptor = files.descriptor(index)
        guard descriptor >= 0 else { return }
        if isCut[index] { lines[index].insert(UInt8(ascii: "\n"), at: 0) }
        let count = lines[index].count
        switch unsafe lines[index].withUnsafeBytes({ unsafe Linux.write(descriptor, $0) }) {
        case .bytes(count): isCut[index] = false
        case .bytes(let written):
            isCut[index] = true
            let name = files.name(index)
            complain(index, "write() to \(name) was incomplete: \(written) of \(count)")
        case .wouldBlock: complain(index, errno: Errno.again)
        case .failed(let code): complain(index, errno: code)
        }
    }

    private mutating func complain(_ index: Int, errno code: Int32) {
        let name = files.name(index)
        complain(index, SystemError("write() to", name, code: code).description)
    }

    private mutating func complain(_ index: Int, _ message: String) {
        let now = Clock.monotonicMs()
        guard now >= silentUntilMs[index] else { return }
        silentUntilMs[index] = now &+ AccessLog.complaintIntervalMs
        errorLog.write(.alert, message)
    }
}
