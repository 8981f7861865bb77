import Glibc
import HTTP
import Linux

/// Memory that bytes are received into or sent from; somebody else owns it.
@safe
struct Buffer: BitwiseCopyable {
    let start: UnsafeMutableRawPointer?
    let capacity: Int

    /// No memory.
    static var none: Buffer { unsafe Buffer(unsafe: nil, capacity: 0) }

    @unsafe
    init(unsafe start: UnsafeMutableRawPointer?, capacity: Int) {
        unsafe self.start = start
        self.capacity = capacity
    }

    var isNone: Bool { capacity == 0 }

    /// New memory of `capacity` bytes; `.none` when memory is short, where Swift's own allocation
    /// would end the process.
    static func allocate(_ capacity: Int) -> Buffer {
        guard let memory = unsafe aligned_alloc(64, (capacity &+ 63) & ~63) else { return .none }
        return unsafe Buffer(unsafe: memory, capacity: capacity)
    }

    /// Gives memory back that ``allocate(_:)`` made; the buffer is not to be used again.
    func free() { unsafe Glibc.free(start) }

    /// The bytes from `lower` to `upper`, exclusive; what lies outside of the buffer is cut off.
    @inline(__always)
    func bytes(from lower: Int, to upper: Int) -> UnsafeMutableRawBufferPointer {
        guard lower >= 0, lower <= upper, upper <= capacity, let start = unsafe start else {
            return unsafe cutOff(from: lower, to: upper)
        }
        return unsafe UnsafeMutableRawBufferPointer(start: start + lower, count: upper &- lower)
    }

    /// The same, where not all of them are in the buffer.
    @inline(never)
    private func cutOff(from lower: Int, to upper: Int) -> UnsafeMutableRawBufferPointer {
        let end = max(0, min(upper, capacity))
        let begin = max(0, min(lower, end))
        guard let start = unsafe start else {
            return unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
        return unsafe UnsafeMutableRawBufferPointer(start: start + begin, count: end &- begin)
    }

    /// The bytes from `lower` to `upper`, to be read.
    @_lifetime(borrow self)
    @inline(__always)
    func span(from lower: Int, to upper: Int) -> Span<UInt8> {
        let memory = unsafe bytes(from: lower, to: upper)
        let span = unsafe Span<UInt8>(_unsafeBytes: memory)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// A writer over what lies behind `position`.
    func writer(from position: Int) -> HeadWriter {
        let room = unsafe bytes(from: position, to: capacity)
        guard let start = room.baseAddress else {
            return unsafe HeadWriter(unsafe: emptyMemory(), capacity: 0)
        }
        return unsafe HeadWriter(unsafe: start, capacity: room.count)
    }

    /// In debug builds, overwrites the beginning of the memory with a text that tests look for:
    /// what one request has left there must not reach another.
    @inline(__always)
    func scribble() {
        #if DEBUG
            guard let start = unsafe start else { return }
            // Not all, so that memory that nothing uses stays the kernel's.
            let count = min(capacity, 512)
            unsafe Scribble.fill(UnsafeMutableRawBufferPointer(start: start, count: count))
        #endif
    }

    /// Moves `count` bytes from one place of the buffer to another; they may overlap.
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

/// An address that nothing is read from or written to.
private func emptyMemory() -> UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(bitPattern: 16).unsafelyUnwrapped
}

/// Buffers of one size, used again in the order that keeps them in the processor's cache; larger
/// ones are made for those who need them and freed when they come back.
struct BufferPool: ~Copyable {
    /// The size of the pool's buffers.
    let size: Int
    /// How many that nobody uses are kept.
    private let keeps: Int
    private var idle: ZeroedStorage<Buffer>
    private var idleCount = 0

    init(size: Int, keeps: Int) {
        self.size = size
        self.keeps = keeps
        idle = ZeroedStorage(count: keeps)
    }

    deinit { for index in 0..<idleCount { idle[index].free() } }

    /// A buffer of at least `capacity` bytes, of the pool's size when that is enough; `.none` when
    /// memory is short.
    mutating func take(atLeast capacity: Int = 0) -> Buffer {
        if capacity <= size, idleCount > 0 {
            idleCount &-= 1
            return idle[idleCount]
        }
        let buffer = Buffer.allocate(max(capacity, size))
        buffer.scribble()
        return buffer
    }

    /// Takes a buffer back.
    mutating func give(_ buffer: Buffer) {
        guard !buffer.isNone else { return }
        buffer.scribble()
        if buffer.capacity == size, idleCount < keeps {
            idle[idleCount] = buffer
            idleCount &+= 1
        } else {
            buffer.free()
        }
    }
}

#if DEBUG
    /// The text that scratch memory is filled with in debug builds.
    enum Scribble {
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
