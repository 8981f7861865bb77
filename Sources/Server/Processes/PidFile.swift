import Linux

/// The file that holds the master's process id: `pid`, 0644, removed at the master's end.
public struct PidFile {
    /// Where it is; absolute.
    public let path: String
    /// Another master has the path for now; this one's is beside it.
    private var isAside = false

    /// Holds the lock that shows whose file it is; -1 before it is written.
    private var lock: Int32 = -1

    /// The file at `path`.
    public init(path: String) { self.path = path }

    /// Writes this process's id with a line end, over what was there, and locks the file for as
    /// long as this process lives: `-s` signals only whoever holds the lock. A file system without
    /// locks is no reason not to start.
    public mutating func write() throws(SystemError) {
        let written = try writeLockedFile(path, "\(currentProcess())\n")
        unlock()
        lock = written
    }

    /// Gives up the lock; in a child, closes the descriptor that it is held by.
    func unlock() {
        if lock >= 0 { closeDescriptor(lock) }
    }

    /// True if `process` holds the file's lock: it has written this file, and is still alive.
    public func isHeld(by process: Int32) -> Bool { lockHolder(of: path) == process }

    /// Removes the file if it still holds this process's id: another master may have taken it over.
    public func remove() {
        let path = isAside ? asidePath : path
        let own = PidFile(path: path).read()
        guard case .success(let process) = own, process == currentProcess() else { return }
        removeFile(path)
    }

    /// nginx's name for the file of a master that another one takes over from.
    private var asidePath: String { path + ".oldbin" }

    /// Makes room for the file of a master that takes over.
    mutating func moveAside() throws(SystemError) {
        try renameFile(path, to: asidePath)
        isAside = true
    }

    /// That one has ended: its file, if it left one, is replaced.
    mutating func takeBack() throws(SystemError) {
        guard isAside else { return }
        try renameFile(asidePath, to: path)
        isAside = false
    }

    /// The process id in the file, or nginx's words for why there is none.
    public func read() -> Result<Int32, PidFileError> {
        do throws(SystemError) {
            let content = String(decoding: try readWholeFile(path), as: UTF8.self)
            return PidFile.process(in: content, at: path)
        } catch {
            return .failure(.unreadable(error))
        }
    }

    /// The process id in a file's content: digits, then line ends; at least 1.
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

/// Why a pid file does not say where to send a signal.
public enum PidFileError: Error, Equatable, CustomStringConvertible {
    /// It cannot be opened or read.
    case unreadable(SystemError)
    /// It holds something else.
    case invalid(String, path: String)

    /// `invalid PID number "" in "/run/apus.pid"`.
    public var description: String {
        switch self {
        case .unreadable(let error): error.description
        case .invalid(let text, let path): "invalid PID number \"\(text)\" in \"\(path)\""
        }
    }
}
