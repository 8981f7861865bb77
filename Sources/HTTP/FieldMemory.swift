/// Blocks of field lines that were read lately, with what was found in them.
///
/// A client that keeps its connection says the same of itself with every request: a block that is
/// the same to the byte has the same fields, and need not be read again. This is a handle on memory
/// that its maker frees.
@safe
public struct FieldMemory: BitwiseCopyable {
    /// A block, and the head that it was part of.
    struct Block: BitwiseCopyable {
        /// 0 for none.
        var count = 0
        /// How long the block's lines may be, and what else is asked of them.
        var limits = HeadLimits()
        /// Its extents are counted from the block's beginning.
        var head = RequestHead()
    }

    /// As many blocks are remembered, by their lengths.
    static var blocks: Int { 16 }
    /// Longer blocks are not.
    static var longest: Int { 1024 }

    let start: UnsafeMutablePointer<Block>?
    /// The bytes of the blocks, one behind the other.
    let bytes: UnsafeMutableRawPointer?

    private init(_ start: UnsafeMutablePointer<Block>?, _ bytes: UnsafeMutableRawPointer?) {
        unsafe self.start = start
        unsafe self.bytes = bytes
    }

    /// Remembers nothing.
    public static var none: FieldMemory { unsafe FieldMemory(nil, nil) }

    /// Memory for some blocks.
    public static func allocate() -> FieldMemory {
        let start = UnsafeMutablePointer<Block>.allocate(capacity: blocks)
        unsafe start.initialize(repeating: Block(), count: blocks)
        return unsafe FieldMemory(
            start, .allocate(byteCount: blocks &* longest, alignment: 64))
    }

    /// Gives the memory back; the handle is not to be used again.
    public func free() {
        unsafe start?.deallocate()
        unsafe bytes?.deallocate()
    }

    /// Fills in what the block at `position` of `received` says, if it is one that is remembered:
    /// how long it is.
    @inline(__always)
    func recall(
        _ received: Span<UInt8>, at position: Int, _ limits: HeadLimits,
        into head: inout RequestHead
    ) -> Int? {
        guard let start = unsafe start, let bytes = unsafe bytes else { return nil }
        let rest = received.count &- position
        // With nothing behind it, it is as long as what has come.
        let index = rest & (FieldMemory.blocks &- 1)
        let block = unsafe start + index
        let count = unsafe block.pointee.count
        guard count > 0, count == rest, position &+ count <= limits.head else { return nil }
        let isSame = unsafe received.withUnsafeBytes { received in
            guard let base = received.baseAddress else { return false }
            return unsafe FieldMemory.areSame(
                base + position, bytes + index &* FieldMemory.longest, count)
        }
        guard isSame, unsafe block.pointee.limits == limits else { return nil }
        unsafe head.take(block.pointee.head, movedBy: UInt32(truncatingIfNeeded: position))
        return count
    }

    /// Whether so many bytes are the same, 32 at a time: where they differ does not matter.
    @unsafe @inline(__always)
    private static func areSame(
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

    /// Remembers the block that begins at `position`, of a head that was read whole.
    func learn(
        _ received: Span<UInt8>, at position: Int, _ limits: HeadLimits, _ head: RequestHead
    ) {
        let count = head.byteCount &- position
        guard let start = unsafe start, let bytes = unsafe bytes, count > 0,
            count <= FieldMemory.longest, head.isOrdinary, Int(head.host.offset) >= position
        else { return }
        let index = count & (FieldMemory.blocks &- 1)
        let block = unsafe start + index
        unsafe block.pointee.count = count
        unsafe block.pointee.limits = limits
        unsafe block.pointee.head = head
        unsafe block.pointee.head.move(by: 0 &- UInt32(truncatingIfNeeded: position))
        unsafe received.withUnsafeBytes { received in
            guard let base = received.baseAddress else { return }
            unsafe (bytes + index &* FieldMemory.longest).copyMemory(
                from: base + position, byteCount: count)
        }
    }
}

extension RequestHead {
    /// It asks for something in the plainest way: what its fields mean does not depend on the
    /// request line, and it has no body.
    var isOrdinary: Bool {
        version == .http11 && (method == .get || method == .head) && contentLength < 0
            && !isChunked && !expectsContinue
    }

    /// Moves the extents of all fields.
    mutating func move(by distance: UInt32) {
        fields.offset &+= distance
        host.offset &+= distance
        var places = known.mutableSpan
        var rest = present
        while rest != 0 {
            places[rest.trailingZeroBitCount].offset &+= distance
            rest &= rest &- 1
        }
    }

    /// Takes over what another head's fields say, whose extents are moved.
    @inline(__always)
    mutating func take(_ other: borrowing RequestHead, movedBy distance: UInt32) {
        connectionClose = other.connectionClose
        connectionKeepAlive = other.connectionKeepAlive
        port = other.port
        fields = ByteExtent(
            offset: other.fields.offset &+ distance, count: other.fields.count)
        host = ByteExtent(offset: other.host.offset &+ distance, count: other.host.count)
        present = other.present
        // In place: an element of an inline array is assigned by way of the whole array.
        let theirs = other.known.span
        var ours = known.mutableSpan
        var rest = other.present
        while rest != 0 {
            let index = rest.trailingZeroBitCount
            ours[index] = ByteExtent(
                offset: theirs[index].offset &+ distance, count: theirs[index].count)
            rest &= rest &- 1
        }
    }

    /// Forgets everything. What `present` does not name is not looked at.
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
    }
}
