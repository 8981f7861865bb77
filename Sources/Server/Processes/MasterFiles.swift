import HTTP
import Linux

/// The file with the master's process ID: `pid`, mode 0644, removed when the master exits.
public struct PidFile {
    /// The absolute path.
    public let path: String
    /// True while another master uses the path, and this one's file has another name.
    private var isRenamed = false

    /// The descriptor that holds the lock, which shows the owner of the file; -1 before it is
    /// written.
    private var lock: Int32 = -1

    /// Creates a reference to the file at `path`.
    public init(path: String) { self.path = path }

    /// Writes this process's ID with a line end, over earlier content, and locks the file for as
    /// long as this process lives: `-s` signals only the holder of the lock. A file system without
    /// locks does not prevent the start.
    public mutating func write() throws(SystemError) {
        let written = try writeLockedFile(path, "\(currentProcess())\n")
        unlock()
        lock = written
    }

    /// Releases the lock; in a child, closes the descriptor that holds it.
    func unlock() {
        if lock >= 0 { closeDescriptor(lock) }
    }

    /// Returns true if `process` holds the file's lock: it has written this file and is still
    /// alive.
    public func isHeld(by process: Int32) -> Bool { lockHolder(of: path) == process }

    /// Removes the file if it still has this process's ID: another master may have taken it over.
    public func remove() {
        let path = isRenamed ? oldPath : path
        let own = PidFile(path: path).read()
        guard case .success(let process) = own, process == currentProcess() else { return }
        removeFile(path)
    }

    /// nginx's name for the file of a master that another one takes over from.
    private var oldPath: String { path + ".oldbin" }

    /// Renames the file to make room for that of a master that takes over.
    mutating func renameToOld() throws(SystemError) {
        try renameFile(path, to: oldPath)
        isRenamed = true
    }

    /// Renames the file back after that master has exited, over its file if it left one.
    mutating func restore() throws(SystemError) {
        guard isRenamed else { return }
        try renameFile(oldPath, to: path)
        isRenamed = false
    }

    /// Reads the process ID, or returns nginx's message for why there is none.
    public func read() -> Result<Int32, PidFileError> {
        do throws(SystemError) {
            let content = String(decoding: try readWholeFile(path), as: UTF8.self)
            return PidFile.process(in: content, at: path)
        } catch {
            return .failure(.unreadable(error))
        }
    }

    /// Parses a process ID: digits, then line ends; at least 1.
    static func process(in content: String, at path: String) -> Result<Int32, PidFileError> {
        var text = Substring(content)
        while let last = text.utf8.last, last == 10 || last == 13 { text = text.dropLast() }
        let isNumber = text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        guard isNumber, let process = Int32(text), process > 0 else {
            return .failure(.invalid(String(text), path: path))
        }
        return .success(process)
    }
}

/// The reason that a pid file does not say where to send a signal.
public enum PidFileError: Error, Equatable, CustomStringConvertible {
    /// The file cannot be opened or read.
    case unreadable(SystemError)
    /// The file has other content.
    case invalid(String, path: String)

    /// The message: `invalid PID number "" in "/run/apus.pid"`.
    public var description: String {
        switch self {
        case .unreadable(let error): error.description
        case .invalid(let text, let path): "invalid PID number \"\(text)\" in \"\(path)\""
        }
    }
}

/// Checks whether the process that a pid file names is an apus master: the file of a server that
/// was killed may name an unrelated process by now.
public enum MasterCheck {
    /// Returns true if `process` has written `file` and holds its lock, or keeps a record of
    /// reloads, as masters of older versions do. The program's name does not count: it may be
    /// another command of apus.
    public static func isMaster(_ process: Int32, of file: PidFile) -> Bool {
        if file.isHeld(by: process) { return true }
        do throws(SystemError) {
            return try openMemoryFile(named: ReloadRecord.name, of: process) != nil
        } catch {
            return false
        }
    }
}

/// The results of the master's reloads, for `apus -s reload`: a memory file of the master, which
/// processes that may signal the master may also read (proc_pid_fd(5)). It needs no writable
/// directory, leaves nothing behind, and informs all that wait, although signals of one kind merge.
///
/// It holds five numbers of eight bytes, followed by the text. The last number is a checksum of the
/// others and the text: a reader that reads while the master writes detects that, and reads again.
enum ReloadRecord {
    static let name = "apus-reloads"
    static let headBytes = 40
    /// The maximum length of the text; longer reports are cut off, and complete in the error log.
    static let textLimit = 16384

    /// The result of a reload.
    enum Outcome: UInt64 {
        case inUse = 1
        case failed = 2
    }

    /// The contents of the record.
    struct State: Equatable {
        /// The number of reloads that have begun, and of those that have ended.
        var begun: UInt64 = 0
        var ended: UInt64 = 0
        /// The result of the last one that has ended.
        var outcome = Outcome.inUse
        var text = ""
    }

    static func bytes(of state: State) -> [UInt8] {
        let text = Array(state.text.utf8.prefix(textLimit))
        var numbers = [state.begun, state.ended, state.outcome.rawValue, UInt64(text.count)]
        numbers.append(proof(of: numbers, text[...]))
        var bytes: [UInt8] = []
        for number in numbers { bytes.append(littleEndian: number) }
        return bytes + text
    }

    /// Decodes the record; nil if the bytes were read while they were written, or are invalid.
    static func state(in bytes: [UInt8]) -> State? {
        guard bytes.count >= headBytes else { return nil }
        var numbers: [UInt64] = Array(repeating: 0, count: 5)
        for place in 0..<headBytes {
            numbers[place / 8] |= UInt64(bytes[place]) << UInt64(place % 8 * 8)
        }
        guard numbers[3] <= UInt64(bytes.count - headBytes) else { return nil }
        let text = bytes[headBytes..<headBytes + Int(numbers[3])]
        guard proof(of: Array(numbers[..<4]), text) == numbers[4],
            let outcome = Outcome(rawValue: numbers[2])
        else { return nil }
        return State(
            begun: numbers[0], ended: numbers[1], outcome: outcome,
            text: String(decoding: text, as: UTF8.self))
    }

    /// Returns the FNV-1a checksum.
    private static func proof(of numbers: [UInt64], _ text: ArraySlice<UInt8>) -> UInt64 {
        var hash = FNV1a()
        for number in numbers + text.map(UInt64.init) { hash.add(number) }
        return hash.value
    }
}

/// Writes the master's ``ReloadRecord``.
final class ReloadRecordWriter {
    private let file: Descriptor
    private var state = ReloadRecord.State()

    /// Creates a record without reloads.
    init() throws(SystemError) {
        file = try openMemoryFile(named: ReloadRecord.name)
        write()
    }

    /// Records that a reload begins: it reads the files as they are from here on.
    func begin() {
        state.begun &+= 1
        write()
    }

    /// Records the result of all reloads that have begun.
    func end(_ outcome: ReloadRecord.Outcome, _ lines: [String] = []) {
        guard state.ended != state.begun else { return }
        state.ended = state.begun
        state.outcome = outcome
        state.text = lines.map { $0 + "\n" }.joined()
        write()
    }

    private func write() {
        _ = writeBytes(file.number, ReloadRecord.bytes(of: state), at: 0)
    }

    /// Closes the copy of a worker.
    func closeInherited() { closeDescriptor(file.number) }
}

/// Reads the ``ReloadRecord`` of a master, for `-s reload`.
public struct ReloadRecordReader: ~Copyable {
    private let process: Int32
    private let file: Descriptor
    private let begunBefore: UInt64

    /// The result of a reload.
    public enum Result: Equatable, Sendable {
        /// The configuration is in use, and no connection is accepted with the old one.
        case inUse
        /// The old configuration stays, for these reasons, with line ends.
        case failed(String)
        /// The master has exited.
        case masterEnded
        /// There was no result in time.
        case timedOut
    }

    /// Opens the record of a master, before it is sent HUP; nil if it keeps none: it is another
    /// program, or an older version. Throws SystemError if its descriptors cannot be inspected.
    public init?(of process: Int32) throws(SystemError) {
        guard let file = try openMemoryFile(named: ReloadRecord.name, of: process) else {
            return nil
        }
        var state: ReloadRecord.State?
        for _ in 0..<100 where state == nil { state = ReloadRecordReader.read(file.number) }
        guard let state else { return nil }
        self.process = process
        self.file = file
        begunBefore = state.begun
    }

    /// Waits until a reload has ended that began after this reader was created, and so has read the
    /// current files, no matter which process requested it.
    public func wait(timeoutMs: Int64) -> Result {
        let untilMs = Clock.monotonicMs() &+ timeoutMs
        while true {
            if let state = ReloadRecordReader.read(file.number), state.ended > begunBefore {
                return state.outcome == .inUse ? .inUse : .failed(state.text)
            }
            if !isRunning(process) { return .masterEnded }
            if Clock.monotonicMs() >= untilMs { return .timedOut }
            pause(milliseconds: 10)
        }
    }

    private static func read(_ fd: Int32) -> ReloadRecord.State? {
        let limit = ReloadRecord.headBytes + ReloadRecord.textLimit
        return ReloadRecord.state(in: readBytes(fd, atMost: limit))
    }
}
