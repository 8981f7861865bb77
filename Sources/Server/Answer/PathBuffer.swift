import HTTP
import Linux

/// A path for the kernel, put together in place.
@safe
struct PathBuffer: ~Copyable {
    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    private(set) var count = 0
    /// It became longer than any path may be (PATH_MAX): no file has such a name.
    private(set) var isTooLong = false

    init(capacity: Int = 4096) {
        unsafe memory = .allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    deinit { unsafe memory.deallocate() }

    mutating func removeAll() {
        count = 0
        isTooLong = false
    }

    /// Cuts the path back to its first `count` bytes.
    mutating func truncate(to count: Int) {
        self.count = min(self.count, max(0, count))
        isTooLong = false
    }

    mutating func append(_ bytes: Span<UInt8>) {
        // One byte stays free for the NUL.
        guard bytes.count < capacity &- count else {
            isTooLong = true
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

    /// The path from `start` on as the kernel takes it; valid until the next change.
    mutating func terminated(from start: Int = 0) -> CPath {
        unsafe memory.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
        let begin = unsafe memory + max(0, min(start, count))
        return unsafe CPath(unsafe: UnsafePointer(begin.assumingMemoryBound(to: CChar.self)))
    }

    /// The bytes.
    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span<UInt8>(
                _unsafeBytes: UnsafeRawBufferPointer(start: memory, count: count))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// As text, for messages.
    var text: String {
        unsafe String(
            decoding: UnsafeRawBufferPointer(start: memory, count: count), as: UTF8.self)
    }
}
