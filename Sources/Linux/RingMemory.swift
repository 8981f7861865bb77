import CLinux

/// Zeroed memory of a ring that this process shares with the children that it forks: numbers, and
/// bytes that follow themselves, so that what goes round the end lies in one piece. It goes with
/// its last owner in each process.
///
/// Each ring is a memory object of its own: a process that has unmapped it cannot reach it again by
/// way of another one (mremap(2) can only enlarge what is mapped).
@safe
public final class RingMemory {
    private let start: UnsafeMutableRawPointer
    private let size: Int

    /// `size` bytes, a power of two of pages. The kernel backs them where they are written.
    public init(size: Int) throws(SystemError) {
        precondition(size >= 65536 && size & (size &- 1) == 0)
        var code: Int32 = 0
        guard let memory = unsafe clinux_share_ring(size, &code) else {
            throw SystemError("mmap() of a log's ring of \(size) bytes", code: code)
        }
        unsafe start = memory
        self.size = size
    }

    deinit { unsafe clinux_unshare_ring(start, size) }

    /// The numbers, a page of them; valid as long as the memory is.
    public var words: SharedTable<UInt64> {
        let count = Int(clinux_page_size()) / 8
        return unsafe SharedTable(
            unsafe: start.bindMemory(to: UInt64.self, capacity: count), count: count)
    }

    /// The bytes; valid as long as the memory is.
    public var bytes: RingBytes {
        unsafe RingBytes(unsafe: start + Int(clinux_page_size()), size: size)
    }
}

/// The bytes of a ring, at positions that count on and on; valid as long as the memory is.
@safe
public struct RingBytes: BitwiseCopyable {
    @usableFromInline let start: UnsafeMutableRawPointer
    /// How many there are, a power of two.
    public let size: Int

    @unsafe
    init(unsafe start: UnsafeMutableRawPointer, size: Int) {
        unsafe self.start = start
        self.size = size
    }

    @inlinable
    func place(_ position: UInt64, _ count: Int) -> UnsafeMutableRawPointer {
        precondition(count >= 0 && count <= size)
        return unsafe start + Int(position & UInt64(size &- 1))
    }

    /// `count` bytes from `position` on.
    @inlinable
    @_lifetime(borrow self)
    public func span(at position: UInt64, count: Int) -> Span<UInt8> {
        let memory = unsafe UnsafeRawBufferPointer(start: place(position, count), count: count)
        let span = unsafe Span<UInt8>(_unsafeBytes: memory)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Copies bytes to `position`; no more than there are.
    @inlinable
    public func write(_ bytes: Span<UInt8>, at position: UInt64) {
        let target = unsafe place(position, bytes.count)
        unsafe bytes.withUnsafeBytes { source in
            guard let origin = source.baseAddress else { return }
            unsafe target.copyMemory(from: origin, byteCount: source.count)
        }
    }

    /// Stores a number at a position that is a multiple of 8.
    @inlinable
    public func store(_ number: UInt64, at position: UInt64) {
        unsafe place(position & ~7, 8).storeBytes(of: number, as: UInt64.self)
    }

    /// The number at a position that is a multiple of 8, read once: what is done with it does not
    /// change when the memory does.
    public func number(at position: UInt64) -> UInt64 {
        unsafe clinux_published(place(position & ~7, 8).assumingMemoryBound(to: UInt64.self))
    }
}
