import Glibc
import HTTP
import Testing

/// Memory that ends at an inaccessible page: reading one byte too far crashes.
@safe final class GuardedBytes {
    private let pages: UnsafeMutableRawPointer
    private let capacity: Int
    private let length: Int

    /// Allocates room for `capacity` bytes.
    init(capacity: Int) {
        let page = Int(getpagesize())
        self.capacity = (max(capacity, 1) + page - 1) / page * page
        length = self.capacity + page
        guard
            let mapped = unsafe mmap(
                nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            unsafe mapped != MAP_FAILED,
            unsafe mprotect(mapped + self.capacity, page, PROT_NONE) == 0
        else { fatalError("no memory for a guarded page") }
        unsafe pages = mapped
    }

    deinit {
        unsafe munmap(pages, length)
    }

    /// Runs `body` with a copy of the first `count` bytes, placed directly before the guard page.
    func place<Bytes: RandomAccessCollection<UInt8>, Result>(
        _ bytes: Bytes, _ body: (Span<UInt8>) throws -> Result
    ) rethrows -> Result {
        precondition(bytes.count <= capacity)
        let start = unsafe pages + (capacity - bytes.count)
        for (index, byte) in bytes.enumerated() {
            unsafe start.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        }
        let span = unsafe Span<UInt8>(
            _unsafeStart: start.assumingMemoryBound(to: UInt8.self), count: bytes.count)
        return try body(span)
    }
}

/// Runs `body` with the bytes of a text, placed directly before an inaccessible page.
func guarded<Result>(_ text: String, _ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
    try guarded(Array(text.utf8), body)
}

/// Runs `body` with bytes placed directly before an inaccessible page.
func guarded<Result>(
    _ bytes: [UInt8], _ body: (Span<UInt8>) throws -> Result
) rethrows -> Result {
    try GuardedBytes(capacity: bytes.count).place(bytes, body)
}

/// Returns what `body` writes, and whether it was too long.
func written(
    capacity: Int = 4096, _ body: (inout ByteWriter) -> Void
) -> (text: String, hasOverflowed: Bool) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(capacity, 1), alignment: 1)
    defer { unsafe memory.deallocate() }
    var writer = unsafe ByteWriter(unsafe: memory, capacity: capacity)
    body(&writer)
    return (text(writer.bytes), writer.hasOverflowed)
}

/// Returns the bytes as text.
func text(_ bytes: Span<UInt8>) -> String {
    String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
}

/// A generator of small random numbers, the same for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
