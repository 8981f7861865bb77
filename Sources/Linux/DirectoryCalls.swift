import CLinux
import Glibc

/// An open directory whose names are read one after the other: readdir(3).
@safe
public struct DirectoryStream: ~Copyable {
    /// What came of asking for the next name.
    @frozen
    public enum Step: Equatable, Sendable {
        /// ``DirectoryStream/withName(_:)`` gives it.
        case name
        /// All names were given.
        case end
        /// errno(3); nothing follows.
        case failed(Int32)
    }

    /// What a listing shows of a name.
    public struct Entry: BitwiseCopyable, Equatable, Sendable {
        /// Kind of the file, of a link's target when it was followed.
        public let kind: FileFacts.Kind
        /// Bytes.
        public let size: Int64
        /// mtime in seconds since 1970.
        public let modified: Int64
    }

    private let directory: OpaquePointer
    private var name: UnsafePointer<CChar>?

    /// Takes over `descriptor`, an open directory; fails with ENOTDIR when it is something else.
    public init(owning descriptor: consuming Descriptor) throws(FileError) {
        guard let directory = unsafe fdopendir(descriptor.number) else {
            throw FileError(code: errno)
        }
        unsafe self.directory = directory
        unsafe self.name = nil
        _ = descriptor.release()
    }

    deinit { unsafe closedir(directory) }

    /// Goes to the next name; `.` and `..` are among them.
    public mutating func next() -> Step {
        var code: Int32 = 0
        unsafe name = clinux_directory_next(directory, &code)
        if unsafe name != nil { return .name }
        return code == 0 ? .end : .failed(code)
    }

    /// The bytes of the name that ``next()`` went to; empty when there is none.
    public borrowing func withName<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        guard let name = unsafe name else { return body(Span()) }
        let bytes = unsafe UnsafeRawBufferPointer(start: name, count: strlen(name))
        return unsafe bytes.withMemoryRebound(to: UInt8.self) {
            body(unsafe Span(_unsafeElements: $0))
        }
    }

    /// What the name is that ``next()`` went to; a link's target with `followsLinks`: fstatat(2).
    public borrowing func entry(followsLinks: Bool) -> Result<Entry, FileError> {
        guard let name = unsafe name else { return .failure(FileError(code: ENOENT)) }
        var entry = clinux_entry()
        let returned = unsafe clinux_directory_entry(
            directory, name, followsLinks ? 1 : 0, &entry)
        guard returned == 0 else { return .failure(FileError(code: 0 &- returned)) }
        let kind: FileFacts.Kind =
            clinux_is_regular(entry.mode) != 0
            ? .regular : clinux_is_directory(entry.mode) != 0 ? .directory : .other
        return .success(Entry(kind: kind, size: entry.size, modified: entry.modified_seconds))
    }
}
