import Linux

/// The file with the master's process ID: `pid`, mode 0644, removed when the master exits.
public struct PidFile {
    /// The absolute path.
    public let path: String
    /// True while another master uses the path, and this one's file has another name.
    private var isAside = false

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
        let path = isAside ? asidePath : path
        let own = PidFile(path: path).read()
        guard case .success(let process) = own, process == currentProcess() else { return }
        removeFile(path)
    }

    /// nginx's name for the file of a master that another one takes over from.
    private var asidePath: String { path + ".oldbin" }

    /// Renames the file to make room for that of a master that takes over.
    mutating func moveAside() throws(SystemError) {
        try renameFile(path, to: asidePath)
        isAside = true
    }

    /// Renames the file back after that master has exited, over its file if it left one.
    mutating func takeBack() throws(SystemError) {
        guard isAside else { return }
        try renameFile(asidePath, to: path)
        isAside = false
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
