import HTTP
import Linux

/// The path of a file, built in place: a root, which may come from variables, and the rest.
@safe
struct PathBuffer: ~Copyable {
    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    private(set) var count = 0
    /// The length of the root.
    private(set) var rootCount = 0
    /// The errno(3) of a path that cannot be opened; 0 for none. ENAMETOOLONG if it became longer
    /// than PATH_MAX: no file has such a name.
    private(set) var fault: Int32 = 0
    /// The number of `..` segments that the configuration wrote itself.
    private var writtenParents = 0

    init(capacity: Int = 4096) {
        unsafe memory = .allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    deinit { unsafe memory.deallocate() }

    mutating func removeAll() {
        count = 0
        rootCount = 0
        fault = 0
        writtenParents = 0
        #if DEBUG
            unsafe ScratchMarker.fill(UnsafeMutableRawBufferPointer(start: memory, count: capacity))
        #endif
    }

    /// Starts a path with its root, in which the configuration wrote `writtenParents` `..`
    /// segments.
    mutating func begin(withRoot root: Span<UInt8>, writtenParents: Int) {
        removeAll()
        append(root)
        rootCount = count
        self.writtenParents = writtenParents
    }

    /// Starts a path with a root that is relative to a directory.
    mutating func begin(withRoot root: Span<UInt8>, below prefix: PlanBytes, writtenParents: Int) {
        removeAll()
        append(prefix.span)
        self.writtenParents = writtenParents &+ prefix.span.parentSegments
        append(root)
        rootCount = count
    }

    /// Marks the path as one that cannot be opened.
    mutating func fail(_ code: Int32) { fault = code }

    /// Truncates the path to its first `count` bytes.
    mutating func truncate(to count: Int) {
        self.count = min(self.count, max(0, count))
        if fault == Errno.nameTooLong { fault = 0 }
    }

    mutating func append(_ bytes: Span<UInt8>) {
        // One byte stays free for the NUL.
        guard bytes.count < capacity &- count else {
            fault = Errno.nameTooLong
            return
        }
        unsafe bytes.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            unsafe (memory + count).copyMemory(from: start, byteCount: source.count)
        }
        count &+= bytes.count
    }

    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append($0.span) }
    }

    /// True if the path has a `..` segment that the configuration did not write itself. A rewrite,
    /// a variable or an alias may insert one that a client has sent.
    var leavesRoot: Bool {
        let bytes = span
        let written = writtenParents &- (extendsParent(bytes) ? 1 : 0)
        return bytes.parentSegments > written
    }

    /// True if the root ends in `..`, and the bytes that follow turn it into another name.
    private func extendsParent(_ bytes: Span<UInt8>) -> Bool {
        rootCount < bytes.count && bytes[rootCount] != UInt8(ascii: "/")
            && bytes.slice(from: max(0, rootCount &- 3), to: rootCount).equals("/..")
    }

    /// Returns the path from `start` on, NUL-terminated; valid until the next change.
    mutating func terminated(from start: Int = 0) -> CPath {
        unsafe memory.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
        let begin = unsafe memory + max(0, min(start, count))
        return unsafe CPath(unsafe: UnsafePointer(begin.assumingMemoryBound(to: CChar.self)))
    }

    /// The bytes of the path.
    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span<UInt8>(
                _unsafeBytes: UnsafeRawBufferPointer(start: memory, count: count))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The path as text, for messages.
    var text: String {
        unsafe String(
            decoding: UnsafeRawBufferPointer(start: memory, count: count), as: UTF8.self)
    }
}
