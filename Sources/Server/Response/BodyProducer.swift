import Files
import HTTP
import Linux

/// A piece of a body.
enum BodySegment {
    case bytes([UInt8])
    /// A range of the producer's file.
    case file(offset: Int64, count: Int64)
    /// A listing, whose length is unknown until it is written.
    case listing(ListingBody)
    /// A body with stages, or a file, of its own.
    case body(BodyProducer)
}

/// A producer of a body that sendfile cannot send: one of several pieces, read into memory, recoded
/// or compressed. It produces one slice at a time, so that a large file does not block the event
/// loop.
final class BodyProducer {
    /// The result of producing a slice.
    enum Slice {
        /// The number of bytes written (0 if more time is needed for the next); no more follow if
        /// `isLast`.
        case written(Int, isLast: Bool)
        /// The file was truncated, is damaged, or cannot be read.
        case failed
    }

    private var segments: [BodySegment]
    private var current = 0
    private var position: Int64 = 0
    private var lastStage: ChainedStage?
    /// The sizes of a compressed body before and after, once it is complete.
    private(set) var compressedSizes: (plain: Int64, compressed: Int64)?
    private var plainSize: Int64 = 0
    private var compressedSize: Int64 = 0
    private let isChunked: Bool
    /// True if trailers, and then their line end, follow the last chunk.
    let hasTrailers: Bool
    /// A file of its own, in place of the request's; -1 for none.
    private let ownFile: Int32

    /// A stage, and the stage that it reads from.
    private final class ChainedStage {
        var stage: BufferedStage
        let before: ChainedStage?

        init(_ stage: BodyFilterStage, after before: ChainedStage?) {
            self.stage = BufferedStage(stage)
            self.before = before
        }
    }

    /// Creates a body of these segments, passed through `stages` in their order. With a `file` of
    /// its own, it closes that file.
    init(
        _ segments: [BodySegment], through stages: [BodyFilterStage] = [], isChunked: Bool = false,
        hasTrailers: Bool = false, owning file: Int32 = -1
    ) {
        self.segments = segments
        self.isChunked = isChunked
        self.hasTrailers = hasTrailers
        ownFile = file
        lastStage = stages.reduce(nil) { ChainedStage($1, after: $0) }
    }

    deinit { if ownFile >= 0 { closeDescriptor(ownFile) } }

    /// Removes the encoder and returns it, for reuse after the end of the body.
    func detachEncoder() -> Gzip? {
        defer { lastStage = nil }
        guard case .compress(let encoder) = lastStage?.stage.stage else { return nil }
        return encoder
    }

    /// The piece of the request's file that is read next, as far as it is known; nil for none.
    var nextPiece: FilePiece? {
        guard ownFile < 0, current < segments.count else { return nil }
        switch segments[current] {
        case .file(let offset, let count):
            return FilePiece(offset: offset &+ position, count: count &- position)
        case .body(let body): return body.nextPiece
        case .bytes, .listing: return nil
        }
    }

    /// Writes the next slice into `room`.
    func produce(into room: UnsafeMutableRawBufferPointer, file: Int32) -> Slice {
        let file = ownFile >= 0 ? ownFile : file
        guard isChunked else { return unsafe pull(lastStage, into: room, file: file) }
        // A chunk's size and line end precede it; two line ends and the last chunk follow it.
        let before = 10
        let after = 7
        guard room.count > before + after else { return .failed }
        let data = unsafe UnsafeMutableRawBufferPointer(
            rebasing: room[before..<(room.count &- after)])
        switch unsafe pull(lastStage, into: data, file: file) {
        case .failed: return .failed
        case .written(let count, let isLast):
            return .written(
                unsafe frame(count, in: room, at: before, isLast: isLast), isLast: isLast)
        }
    }

    /// Turns `count` bytes at `offset` into a chunk that begins at the start of `room`. Returns its
    /// length.
    private func frame(
        _ count: Int, in room: UnsafeMutableRawBufferPointer, at offset: Int, isLast: Bool
    ) -> Int {
        guard let start = room.baseAddress else { return 0 }
        var writer = unsafe ByteWriter(unsafe: start, capacity: room.count)
        if count > 0 {
            writer.append(hexadecimal: UInt64(count))
            writer.append("\r\n")
            let begin = writer.count
            unsafe (start + begin).copyMemory(from: start + offset, byteCount: count)
            writer = unsafe ByteWriter(
                unsafe: start + begin + count, capacity: room.count &- begin &- count)
            writer.append("\r\n")
            if isLast { writer.append(lastChunk) }
            return begin &+ count &+ writer.count
        }
        if isLast { writer.append(lastChunk) }
        return writer.count
    }

    private var lastChunk: StaticString { hasTrailers ? "0\r\n" : "0\r\n\r\n" }

    /// Reads the output of a stage, or the segments if there is no stage.
    private func pull(
        _ stage: ChainedStage?, into room: UnsafeMutableRawBufferPointer, file: Int32
    ) -> Slice {
        guard let stage else { return unsafe copySlice(into: room, file: file) }
        if stage.stage.needsInput {
            let input = unsafe stage.stage.room()
            guard input.count > 0 else { return .failed }
            switch unsafe pull(stage.before, into: input, file: file) {
            case .failed: return .failed
            case .written(let count, let isLast): stage.stage.didFill(count, isLast: isLast)
            }
        }
        let progress = unsafe stage.stage.run(into: room)
        guard !progress.isBroken else { return .failed }
        if case .compress = stage.stage.stage { count(progress) }
        return .written(progress.produced, isLast: progress.isFinished)
    }

    private func count(_ progress: StreamProgress) {
        plainSize &+= Int64(progress.consumed)
        compressedSize &+= Int64(progress.produced)
        if progress.isFinished { compressedSizes = (plainSize, compressedSize) }
    }

    /// Fills `room` with the rest of the segments.
    private func copySlice(into room: UnsafeMutableRawBufferPointer, file: Int32) -> Slice {
        var written = 0
        while written < room.count, current < segments.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: room[written...])
            switch unsafe copySegment(into: rest, file: file) {
            case .failed: return .failed
            case .written(let count, let isLast):
                written &+= count
                if isLast {
                    current &+= 1
                    position = 0
                } else if count == 0 {
                    return .written(written, isLast: false)
                }
            }
        }
        return .written(written, isLast: current >= segments.count)
    }

    /// Reads bytes of the current segment.
    private func copySegment(into room: UnsafeMutableRawBufferPointer, file: Int32) -> Slice {
        switch segments[current] {
        case .bytes(let bytes):
            let taken = min(room.count, bytes.count &- Int(position))
            unsafe bytes.withUnsafeBytes { source in
                let piece = unsafe UnsafeRawBufferPointer(
                    rebasing: source[Int(position)..<(Int(position) &+ taken)])
                unsafe room.copyMemory(from: piece)
            }
            position &+= Int64(taken)
            return .written(taken, isLast: position >= bytes.count)
        case .file(let offset, let count):
            let wanted = Int(min(Int64(room.count), count &- position))
            // The piece of an empty file: reading no bytes does not mean that it was truncated.
            guard wanted > 0 else { return .written(0, isLast: true) }
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<wanted])
            guard
                case .bytes(let read) = unsafe readFile(file, at: offset &+ position, into: target),
                read > 0
            else { return .failed }
            position &+= Int64(read)
            return .written(read, isLast: position >= count)
        case .listing(let listing):
            switch unsafe listing.step(into: room) {
            case .written(let count, let isLast): return .written(count, isLast: isLast)
            case .pending: return .written(0, isLast: false)
            case .failed: return .failed
            }
        case .body(let body): return unsafe body.produce(into: room, file: file)
        }
    }
}

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
