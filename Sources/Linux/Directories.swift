import CLinux
import Glibc

/// An open directory whose names are read one after the other: readdir(3).
@safe
public struct DirectoryStream: ~Copyable {
    /// The result of reading the next name.
    @frozen
    public enum Step: Equatable, Sendable {
        /// A name was read; ``DirectoryStream/withName(_:)`` has it.
        case name
        /// There are no more names.
        case end
        /// Reading failed with this errno(3); nothing follows.
        case failed(Int32)
    }

    /// The attributes of a name that a listing shows.
    public struct Entry: BitwiseCopyable, Equatable, Sendable {
        /// The kind of the file, or of a link's target if it was followed.
        public let kind: FileStatus.Kind
        /// The size in bytes.
        public let size: Int64
        /// mtime in seconds since 1970.
        public let modified: Int64
    }

    private let directory: OpaquePointer
    private var name: UnsafePointer<CChar>?
    private var kind = Kind.unknown

    /// The kind that the directory entry has.
    private enum Kind {
        case regular, other
        /// A link, or a file system without kinds in directory entries.
        case unknown
    }

    /// Takes ownership of `descriptor`, an open directory; fails with ENOTDIR if it is something
    /// else.
    public init(owning descriptor: consuming Descriptor) throws(FileError) {
        guard let directory = unsafe fdopendir(descriptor.number) else {
            throw FileError(code: errno)
        }
        unsafe self.directory = directory
        unsafe self.name = nil
        _ = descriptor.detach()
    }

    deinit { unsafe closedir(directory) }

    /// Reads the next name, which may be `.` or `..`.
    public mutating func next() -> Step {
        var code: Int32 = 0
        var type: UInt8 = 0
        unsafe name = clinux_directory_next(directory, &type, &code)
        switch Int(type) {
        case DT_REG: kind = .regular
        case DT_UNKNOWN, DT_LNK: kind = .unknown
        default: kind = .other
        }
        if unsafe name != nil { return .name }
        return code == 0 ? .end : .failed(code)
    }

    /// Returns the name of a regular file, all with equal probability. Names that begin with a dot
    /// are left out. A link counts as its target if `followsLinks`, and not at all otherwise.
    /// Returns nil if there is no file. Throws FileError if the names cannot be read.
    public mutating func randomFile(followsLinks: Bool) throws(FileError) -> [UInt8]? {
        var generator = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
        var chosen: [UInt8]?
        var count: UInt64 = 0
        while true {
            switch next() {
            case .end: return chosen
            case .failed(let code): throw FileError(code: code)
            case .name: break
            }
            guard isVisibleFile(followsLinks: followsLinks) else { continue }
            count &+= 1
            // The nth file replaces the previous choice with probability 1/n.
            if UInt64.random(in: 0..<count, using: &generator) == 0 {
                chosen = withName { name in name.indices.map { name[$0] } }
            }
        }
    }

    private borrowing func isVisibleFile(followsLinks: Bool) -> Bool {
        guard withName({ $0.count > 0 && $0[0] != UInt8(ascii: ".") }) else { return false }
        switch kind {
        case .regular: return true
        case .unknown:
            guard case .success(let entry) = entry(followsLinks: followsLinks) else {
                return false
            }
            return entry.kind == .regular
        case .other: return false
        }
    }

    /// Calls `body` with the bytes of the name that ``next()`` read; empty if there is none.
    public borrowing func withName<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        guard let name = unsafe name else { return body(Span()) }
        let bytes = unsafe UnsafeRawBufferPointer(start: name, count: strlen(name))
        return unsafe bytes.withMemoryRebound(to: UInt8.self) {
            body(unsafe Span(_unsafeElements: $0))
        }
    }

    /// Returns the attributes of the name that ``next()`` read; of a link's target with
    /// `followsLinks`: fstatat(2).
    public borrowing func entry(followsLinks: Bool) -> Result<Entry, FileError> {
        guard let name = unsafe name else { return .failure(FileError(code: ENOENT)) }
        var entry = clinux_entry()
        let returned = unsafe clinux_directory_entry(
            directory, name, followsLinks ? 1 : 0, &entry)
        guard returned == 0 else { return .failure(FileError(code: 0 &- returned)) }
        let kind: FileStatus.Kind =
            clinux_is_regular(entry.mode) != 0
            ? .regular : clinux_is_directory(entry.mode) != 0 ? .directory : .other
        return .success(Entry(kind: kind, size: entry.size, modified: entry.modified_seconds))
    }
}

/// SplitMix64: one call of the kernel's random number generator serves a whole directory.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed &>> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed &>> 31)
    }
}
