import Files

/// A conversion of a body while it is sent.
enum BodyFilterStage {
    case compress(Gzip)
    case decompress(Gunzip)
    case recode(RecodingTable)

    /// Converts from `input` into `room` until one of them is used up.
    func run(
        _ input: UnsafeMutableRawBufferPointer, into room: UnsafeMutableRawBufferPointer,
        isLast: Bool
    ) -> StreamProgress {
        switch self {
        case .compress(let encoder):
            return unsafe encoder.compress(
                UnsafeRawBufferPointer(input), into: room, finish: isLast)
        case .decompress(let decoder):
            return unsafe decoder.decompress(
                UnsafeRawBufferPointer(input), into: room, isLast: isLast)
        case .recode(let table):
            let source = unsafe Span<UInt8>(_unsafeBytes: input)
            var target = unsafe MutableSpan<UInt8>(_unsafeBytes: room)
            return table.recode(source, into: &target, isLast: isLast)
        }
    }
}

/// A stage with its input buffer.
struct BufferedStage: ~Copyable {
    /// The size of the input buffer.
    static let size = 32768
    /// The minimum input, below which the stage may make no progress: a UTF-8 character may be
    /// split.
    static let minInput = 16

    let stage: BodyFilterStage
    private var buffer = Buffer.none
    private var start = 0
    private var end = 0
    /// True if the input in the buffer is the last.
    var hasLastInput = false

    init(_ stage: BodyFilterStage) { self.stage = stage }

    deinit { buffer.free() }

    /// True if bytes must be read before the stage can continue.
    var needsInput: Bool { !hasLastInput && end &- start < BufferedStage.minInput }

    /// Returns the free part of the buffer; empty if memory is short.
    mutating func room() -> UnsafeMutableRawBufferPointer {
        if buffer.isNone { buffer = .allocate(BufferedStage.size) }
        buffer.move(from: start, to: 0, count: end &- start)
        end &-= start
        start = 0
        return unsafe buffer.bytes(from: end, to: buffer.capacity)
    }

    /// Records that `count` bytes were written to the free part of the buffer.
    mutating func didFill(_ count: Int, isLast: Bool) {
        end &+= count
        hasLastInput = isLast
    }

    mutating func run(into room: UnsafeMutableRawBufferPointer) -> StreamProgress {
        let progress = unsafe stage.run(
            buffer.bytes(from: start, to: end), into: room, isLast: hasLastInput)
        start &+= progress.consumed
        return progress
    }
}
