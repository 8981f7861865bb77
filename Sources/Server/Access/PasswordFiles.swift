import Linux

/// The contents of password files: checked with stat(2) for every request, and read again after a
/// change.
struct PasswordFiles {
    /// The maximum size of a password file in bytes.
    static let maxFileSize = 64 << 20
    /// The maximum number of bytes in the cache; larger files are read for each request.
    static let maxCachedBytes = 16 << 20
    /// The maximum number of files in the cache.
    static let maxFiles = 256

    /// The failed system call and its errno.
    struct Failure: Error {
        let call: String
        let code: Int32
    }

    /// A file as it was when it was read.
    private struct Entry {
        let fileStatus: FileStatus
        let text: [UInt8]
    }

    private var entries: [[UInt8]: Entry] = [:]
    private var cachedBytes = 0

    /// The number of files whose texts are cached.
    var count: Int { entries.count }

    /// Returns the text of the file at `path`. `nowMs` is the time in milliseconds since 1970: a
    /// file that was changed just before may change again without a change of its times, and is not
    /// cached.
    mutating func text(of path: [UInt8], nowMs: Int64) throws(Failure) -> [UInt8] {
        let name = path + [0]
        let opened = unsafe name.withUnsafeBytes { bytes -> Result<Int32?, FileError> in
            guard let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else {
                return .success(nil)
            }
            let path = unsafe CPath(unsafe: start)
            if case .success(let fileStatus) = fileStatus(of: path), let entry = entries[name],
                PasswordFiles.areSame(fileStatus, entry.fileStatus)
            {
                return .success(nil)
            }
            return openForReading(path).map { $0 }
        }
        switch opened {
        case .failure(let error): throw Failure(call: "open()", code: error.code)
        case .success(nil): return entries[name]?.text ?? []
        case .success(.some(let number)):
            forget(name)
            let file = Descriptor(owning: number)
            let before = fileStatus(of: file.number)
            let text = try PasswordFiles.read(file.number)
            guard case .success(let fileStatus) = before, fileStatus.kind == .regular,
                Int(clamping: fileStatus.size) == text.count,
                text.count <= PasswordFiles.maxCachedBytes,
                nowMs &- PasswordFiles.changedMs(fileStatus) > 20
            else { return text }
            store(text, fileStatus, name)
            return text
        }
    }

    private static func read(_ file: Int32) throws(Failure) -> [UInt8] {
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let result = unsafe chunk.withUnsafeMutableBytes {
                unsafe readFile(file, at: Int64(text.count), into: $0)
            }
            switch result {
            case .bytes(0): return text
            case .bytes(let count): text += chunk[..<count]
            case .wouldBlock: throw Failure(call: "pread()", code: Errno.again)
            case .failed(let code): throw Failure(call: "pread()", code: code)
            }
            guard text.count <= maxFileSize else {
                throw Failure(call: "pread()", code: Errno.fileTooLarge)
            }
        }
    }

    private mutating func forget(_ name: [UInt8]) {
        if let old = entries.removeValue(forKey: name) { cachedBytes &-= old.text.count }
    }

    private mutating func store(_ text: [UInt8], _ fileStatus: FileStatus, _ name: [UInt8]) {
        // Evicts one by one, so that a client that causes many files to be read does not evict all
        // others at once.
        while cachedBytes &+ text.count > PasswordFiles.maxCachedBytes
            || entries.count >= PasswordFiles.maxFiles,
            let other = entries.keys.first
        {
            forget(other)
        }
        entries[name] = Entry(fileStatus: fileStatus, text: text)
        cachedBytes &+= text.count
    }

    private static func areSame(_ left: FileStatus, _ right: FileStatus) -> Bool {
        left.inode == right.inode && left.device == right.device && left.size == right.size
            && left.modified == right.modified && left.changed == right.changed
            && left.changedNanoseconds == right.changedNanoseconds && left.mode == right.mode
    }

    private static func changedMs(_ fileStatus: FileStatus) -> Int64 {
        fileStatus.changed &* 1000 &+ Int64(fileStatus.changedNanoseconds / 1_000_000)
    }
}
