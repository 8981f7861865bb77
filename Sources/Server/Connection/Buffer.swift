import Glibc
import HTTP
import Linux

/// A view of memory that bytes are received into or sent from. It does not own the memory.
@safe
struct Buffer: BitwiseCopyable {
    let start: UnsafeMutableRawPointer?
    let capacity: Int

    /// A buffer without memory.
    static var none: Buffer { unsafe Buffer(unsafe: nil, capacity: 0) }

    @unsafe
    init(unsafe start: UnsafeMutableRawPointer?, capacity: Int) {
        unsafe self.start = start
        self.capacity = capacity
    }

    var isNone: Bool { capacity == 0 }

    /// Allocates memory of `capacity` bytes. Returns `.none` if memory is short, where Swift's own
    /// allocation would terminate the process.
    static func allocate(_ capacity: Int) -> Buffer {
        guard let memory = unsafe aligned_alloc(64, (capacity &+ 63) & ~63) else { return .none }
        return unsafe Buffer(unsafe: memory, capacity: capacity)
    }

    /// Frees memory from ``allocate(_:)``; the buffer must not be used again.
    func free() { unsafe Glibc.free(start) }

    /// Returns the bytes from `lower` to `upper`, exclusive; parts outside of the buffer are cut
    /// off.
    @inline(__always)
    func bytes(from lower: Int, to upper: Int) -> UnsafeMutableRawBufferPointer {
        guard lower >= 0, lower <= upper, upper <= capacity, let start = unsafe start else {
            return unsafe cutOff(from: lower, to: upper)
        }
        return unsafe UnsafeMutableRawBufferPointer(start: start + lower, count: upper &- lower)
    }

    /// Returns the part of the range from `lower` to `upper` that lies within the buffer.
    @inline(never)
    private func cutOff(from lower: Int, to upper: Int) -> UnsafeMutableRawBufferPointer {
        let end = max(0, min(upper, capacity))
        let begin = max(0, min(lower, end))
        guard let start = unsafe start else {
            return unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
        return unsafe UnsafeMutableRawBufferPointer(start: start + begin, count: end &- begin)
    }

    /// Returns the bytes from `lower` to `upper`, for reading.
    @_lifetime(borrow self)
    @inline(__always)
    func span(from lower: Int, to upper: Int) -> Span<UInt8> {
        let memory = unsafe bytes(from: lower, to: upper)
        let span = unsafe Span<UInt8>(_unsafeBytes: memory)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Returns a writer over the memory after `position`.
    func writer(from position: Int) -> ByteWriter {
        let room = unsafe bytes(from: position, to: capacity)
        guard let start = room.baseAddress else {
            return unsafe ByteWriter(unsafe: emptyMemory(), capacity: 0)
        }
        return unsafe ByteWriter(unsafe: start, capacity: room.count)
    }

    /// In debug builds, overwrites the beginning of the memory with a text that tests search for in
    /// responses: bytes of one request must not reach another.
    @inline(__always)
    func fillWithMarker() {
        #if DEBUG
            guard let start = unsafe start else { return }
            // Limited, so that the kernel allocates no pages that stay unused.
            let count = min(capacity, 512)
            unsafe ScratchMarker.fill(UnsafeMutableRawBufferPointer(start: start, count: count))
        #endif
    }

    /// Moves `count` bytes within the buffer; source and target may overlap.
    func move(from source: Int, to target: Int, count: Int) {
        let from = unsafe bytes(from: source, to: source &+ count)
        let to = unsafe bytes(from: target, to: target &+ count)
        guard from.count == to.count, let base = to.baseAddress, let origin = from.baseAddress
        else { return }
        unsafe base.copyMemory(from: origin, byteCount: from.count)
    }

    /// Copies `count` bytes of another buffer, from `source` on, to `target`.
    @inline(__always)
    func copy(to target: Int, from other: Buffer, at source: Int, count: Int) {
        let from = unsafe other.bytes(from: source, to: source &+ count)
        let to = unsafe bytes(from: target, to: target &+ count)
        guard from.count == to.count else { return }
        unsafe to.copyMemory(from: UnsafeRawBufferPointer(from))
    }

    /// Copies the first `count` bytes of another buffer.
    func copy(from other: Buffer, count: Int) {
        let source = unsafe other.bytes(from: 0, to: count)
        let target = unsafe bytes(from: 0, to: count)
        guard source.count == target.count else { return }
        unsafe target.copyMemory(from: UnsafeRawBufferPointer(source))
    }
}

/// Returns an address that is never read from or written to.
private func emptyMemory() -> UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(bitPattern: 16).unsafelyUnwrapped
}

/// A pool of buffers of one size. The buffer that was released last is reused first, since it is
/// likely to be in the processor's cache. Larger buffers are allocated on demand and freed when
/// they are released.
struct BufferPool: ~Copyable {
    /// The size of the pool's buffers.
    let size: Int
    /// The maximum number of unused buffers.
    private let maxIdle: Int
    private var idle: ZeroedStorage<Buffer>
    private var idleCount = 0

    init(size: Int, keeps: Int) {
        self.size = size
        self.maxIdle = keeps
        idle = ZeroedStorage(count: keeps)
    }

    deinit { for index in 0..<idleCount { idle[index].free() } }

    /// Returns a buffer of at least `capacity` bytes, of the pool's size if that is enough; `.none`
    /// if memory is short.
    mutating func acquire(atLeast capacity: Int = 0) -> Buffer {
        if capacity <= size, idleCount > 0 {
            idleCount &-= 1
            return idle[idleCount]
        }
        let buffer = Buffer.allocate(max(capacity, size))
        buffer.fillWithMarker()
        return buffer
    }

    /// Returns a buffer to the pool.
    mutating func release(_ buffer: Buffer) {
        guard !buffer.isNone else { return }
        buffer.fillWithMarker()
        if buffer.capacity == size, idleCount < maxIdle {
            idle[idleCount] = buffer
            idleCount &+= 1
        } else {
            buffer.free()
        }
    }
}

#if DEBUG
    /// The text that scratch memory is filled with in debug builds.
    enum ScratchMarker {
        static let text: StaticString = "~stale~"

        static func fill(_ memory: UnsafeMutableRawBufferPointer) {
            text.withUTF8Buffer { pattern in
                unsafe memory.copyBytes(from: UnsafeRawBufferPointer(pattern).prefix(memory.count))
                var filled = min(pattern.count, memory.count)
                while filled < memory.count {
                    let count = min(filled, memory.count &- filled)
                    unsafe UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
                    filled &+= count
                }
            }
        }
    }
#endif
