/// A cache of recently parsed header blocks and their parsed fields.
///
/// A client sends nearly the same headers with every request of a connection: a block with
/// identical bytes has the same fields and need not be parsed again. This is a handle on memory
/// that its creator frees.
@safe
public struct FieldBlockCache: BitwiseCopyable {
    /// A block, and the parsed head that it was part of.
    struct Block: BitwiseCopyable {
        /// The length of the block; 0 for none.
        var count = 0
        /// The limits and rules that the block was parsed with.
        var limits = HeadLimits()
        /// The parsed head. Its host is an offset from the block's beginning, as its fields are.
        var head = RequestHead()
    }

    /// The number of blocks, indexed by their lengths.
    static var blocks: Int { 16 }
    /// The maximum length of a block.
    static var maxBlockLength: Int { 1024 }

    let start: UnsafeMutablePointer<Block>?
    /// The bytes of the blocks, one after the other.
    let bytes: UnsafeMutableRawPointer?

    private init(_ start: UnsafeMutablePointer<Block>?, _ bytes: UnsafeMutableRawPointer?) {
        unsafe self.start = start
        unsafe self.bytes = bytes
    }

    /// A cache without memory, which stores nothing.
    public static var none: FieldBlockCache { unsafe FieldBlockCache(nil, nil) }

    /// Allocates a cache.
    public static func allocate() -> FieldBlockCache {
        let start = UnsafeMutablePointer<Block>.allocate(capacity: blocks)
        unsafe start.initialize(repeating: Block(), count: blocks)
        return unsafe FieldBlockCache(
            start, .allocate(byteCount: blocks &* maxBlockLength, alignment: 64))
    }

    /// Frees the memory. The handle must not be used again.
    public func free() {
        unsafe start?.deallocate()
        unsafe bytes?.deallocate()
    }

    /// Returns the index of the cached block that is at `position` of `received` and ends it; nil
    /// if there is none.
    @inline(__always)
    func block(_ received: Span<UInt8>, at position: Int) -> Int? {
        guard let bytes = unsafe bytes else { return nil }
        let count = received.count &- position
        let index = count & (FieldBlockCache.blocks &- 1)
        guard count > 0, self[index].count == count else { return nil }
        let isSame = unsafe received.withUnsafeBytes { received in
            guard let base = received.baseAddress else { return false }
            return unsafe FieldBlockCache.areEqual(
                base + position, bytes + index &* FieldBlockCache.maxBlockLength, count)
        }
        return isSame ? index : nil
    }

    /// Accesses a block in place.
    subscript(_ index: Int) -> Block {
        @inline(__always)
        unsafeAddress {
            precondition(index >= 0 && index < FieldBlockCache.blocks)
            return unsafe UnsafePointer(start! + index)
        }
    }

    /// Returns true if the bytes are the same, compared 32 at a time.
    @unsafe @inline(__always)
    private static func areEqual(
        _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int
    ) -> Bool {
        guard count >= 32 else {
            for index in 0..<count {
                let mine = unsafe left.load(fromByteOffset: index, as: UInt8.self)
                guard unsafe mine == right.load(fromByteOffset: index, as: UInt8.self) else {
                    return false
                }
            }
            return true
        }
        var difference = SIMD4<UInt64>()
        var index = 0
        while index < count {
            // The last step overlaps the one before it.
            let at = min(index, count &- 32)
            let mine = unsafe left.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self)
            difference |=
                unsafe mine ^ right.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self)
            index &+= 32
        }
        return difference == SIMD4<UInt64>()
    }

    /// Stores the block that begins at `position`, of a head that was parsed completely.
    func store(
        _ received: Span<UInt8>, at position: Int, _ limits: HeadLimits, _ head: RequestHead
    ) {
        let count = head.byteCount &- position
        guard let start = unsafe start, let bytes = unsafe bytes, count > 0,
            count <= FieldBlockCache.maxBlockLength, head.isOrdinary,
            Int(head.host.offset) >= position
        else { return }
        let index = count & (FieldBlockCache.blocks &- 1)
        let block = unsafe start + index
        unsafe block.pointee.count = count
        unsafe block.pointee.limits = limits
        unsafe block.pointee.head = head
        unsafe block.pointee.head.host.offset &-= UInt32(truncatingIfNeeded: position)
        unsafe received.withUnsafeBytes { received in
            guard let base = received.baseAddress else { return }
            unsafe (bytes + index &* FieldBlockCache.maxBlockLength).copyMemory(
                from: base + position, byteCount: count)
        }
    }
}

extension RequestHead {
    /// Whether the meaning of the fields does not depend on the request line.
    @inline(__always)
    var hasOrdinaryLine: Bool { version == .http11 && (method == .get || method == .head) }

    /// True for the plainest requests: an ordinary request line and no body.
    var isOrdinary: Bool {
        hasOrdinaryLine && contentLength < 0 && !isChunked && !expectsContinue
    }

    /// Copies the fields of another head, which begin at `position` here.
    @inline(__always)
    mutating func copyFields(_ other: borrowing RequestHead, at position: UInt32) {
        known = other.known
        present = other.present
        repeated = other.repeated
        connectionClose = other.connectionClose
        connectionKeepAlive = other.connectionKeepAlive
        port = other.port
        host = ByteExtent(offset: other.host.offset &+ position, count: other.host.count)
        fields = ByteExtent(offset: position, count: other.fields.count)
    }

    /// Resets the head. Values that `present` does not name are never read.
    @inline(__always)
    mutating func reset(_ limits: HeadLimits) {
        method = .unknown
        version = .http11
        hasQuery = false
        isChunked = false
        connectionClose = false
        connectionKeepAlive = false
        expectsContinue = false
        allowsUnderscores = limits.allowsUnderscores
        dropsInvalidNames = limits.dropsInvalidNames
        port = 0
        methodName = .empty
        requestLine = .empty
        target = .empty
        path = .empty
        query = .empty
        host = .empty
        fields = .empty
        byteCount = 0
        contentLength = -1
        present = 0
        repeated = 0
    }
}
