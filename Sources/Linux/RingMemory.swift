import CLinux

/// Zeroed memory of a ring, shared with the children that this process forks: numbers, and bytes
/// that are mapped twice in a row, so that data across the end is contiguous. Freed with its last
/// owner in each process.
///
/// Each ring is a memory object of its own: a process that has unmapped it cannot reach it through
/// another one (mremap(2) can only enlarge what is mapped).
@safe
public final class RingMemory {
    private let start: UnsafeMutableRawPointer
    private let size: Int

    /// Creates a ring of `size` bytes, a power of two of pages. The kernel allocates pages when
    /// they are written.
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

    /// The numbers, one page of them; valid as long as the memory is.
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

/// The bytes of a ring, addressed by positions that only increase; valid as long as the memory is.
@safe
public struct RingBytes: BitwiseCopyable {
    @usableFromInline let start: UnsafeMutableRawPointer
    /// The size in bytes, a power of two.
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

    /// Returns `count` bytes from `position` on.
    @inlinable
    @_lifetime(borrow self)
    public func span(at position: UInt64, count: Int) -> Span<UInt8> {
        let memory = unsafe UnsafeRawBufferPointer(start: place(position, count), count: count)
        let span = unsafe Span<UInt8>(_unsafeBytes: memory)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Copies at most `size` bytes to `position`.
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

    /// Reads the number at a position that is a multiple of 8 once, so that later changes of the
    /// memory have no effect on the result.
    public func loadNumber(at position: UInt64) -> UInt64 {
        unsafe clinux_published(place(position & ~7, 8).assumingMemoryBound(to: UInt64.self))
    }
}
