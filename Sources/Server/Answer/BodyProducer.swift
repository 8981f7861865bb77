import Files
import HTTP
import Linux

/// A piece of a body.
enum BodySegment {
    case bytes([UInt8])
    /// So many bytes of the exchange's file.
    case file(offset: Int64, count: Int64)
}

/// Makes the bytes of a body that no sendfile can send: from several pieces, read into memory,
/// compressed. One slice at a time, so that a large file does not hold the loop.
final class BodyProducer {
    /// What a slice came to.
    enum Slice {
        /// So many bytes were written; no more follow when `isLast`.
        case written(Int, isLast: Bool)
        /// The file is shorter than it was, or cannot be read.
        case failed
    }

    /// How many bytes are read for one slice.
    static let sliceSize = 32768

    private var segments: [BodySegment]
    private var current = 0
    private var position: Int64 = 0
    private var encoder: Gzip?
    /// Where bytes are read to that are to be coded; those that are not yet are from start to end.
    private var slice = Buffer.none
    private var sliceStart = 0
    private var sliceEnd = 0
    private var isCoded: Bool
    /// What a coded body has come from and to, once it is whole.
    private(set) var codedSizes: (plain: Int64, coded: Int64)?
    private var plainSize: Int64 = 0
    private var codedSize: Int64 = 0
    private var isChunked: Bool

    init(_ segments: [BodySegment], coding: Gzip?, isChunked: Bool = false) {
        self.segments = segments
        encoder = coding
        isCoded = coding != nil
        self.isChunked = isChunked
    }

    deinit { slice.free() }

    /// Gives the encoder back, once the body is over.
    func takeEncoder() -> Gzip? {
        defer { encoder = nil }
        return encoder
    }

    /// Writes the next slice into `room`.
    func produce(into room: UnsafeMutableRawBufferPointer, file: Int32) -> Slice {
        guard isChunked else { return unsafe produceBytes(into: room, file: file) }
        // A chunk's size and line end stand before it, two line ends and the last chunk after it.
        let before = 10
        let after = 7
        guard room.count > before + after else { return .failed }
        let data = unsafe UnsafeMutableRawBufferPointer(
            rebasing: room[before..<(room.count &- after)])
        switch unsafe produceBytes(into: data, file: file) {
        case .failed: return .failed
        case .written(let count, let isLast):
            return .written(
                unsafe frame(count, in: room, at: before, isLast: isLast), isLast: isLast)
        }
    }

    /// Turns `count` bytes at `offset` into a chunk that begins where the room does: its length.
    private func frame(
        _ count: Int, in room: UnsafeMutableRawBufferPointer, at offset: Int, isLast: Bool
    ) -> Int {
        guard let start = room.baseAddress else { return 0 }
        var writer = unsafe HeadWriter(unsafe: start, capacity: room.count)
        if count > 0 {
            writer.append(hexadecimal: UInt64(count))
            writer.append("\r\n")
            let begin = writer.count
            unsafe (start + begin).copyMemory(from: start + offset, byteCount: count)
            writer = unsafe HeadWriter(
                unsafe: start + begin + count, capacity: room.count &- begin &- count)
            writer.append("\r\n")
            if isLast { writer.append("0\r\n\r\n") }
            return begin &+ count &+ writer.count
        }
        if isLast { writer.append("0\r\n\r\n") }
        return writer.count
    }

    private func produceBytes(into room: UnsafeMutableRawBufferPointer, file: Int32) -> Slice {
        guard isCoded else { return unsafe copySlice(into: room, file: file) }
        guard let encoder else { return .failed }
        if sliceStart == sliceEnd, !readSlice(file: file) { return .failed }
        let isEnd = current >= segments.count
        let bytes = unsafe slice.bytes(from: sliceStart, to: sliceEnd)
        let progress = unsafe encoder.compress(
            UnsafeRawBufferPointer(bytes), into: room, finish: isEnd)
        guard !progress.isBroken else { return .failed }
        sliceStart &+= progress.consumed
        plainSize &+= Int64(progress.consumed)
        codedSize &+= Int64(progress.produced)
        if progress.isFinished { codedSizes = (plainSize, codedSize) }
        return .written(progress.produced, isLast: progress.isFinished)
    }

    /// Fills the room with what is left of the segments.
    private func copySlice(into room: UnsafeMutableRawBufferPointer, file: Int32) -> Slice {
        var written = 0
        while written < room.count, current < segments.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: room[written...])
            guard let count = unsafe take(into: rest, file: file) else { return .failed }
            written &+= count
        }
        return .written(written, isLast: current >= segments.count)
    }

    /// Reads what is coded next; false when it cannot be read, or memory is short.
    private func readSlice(file: Int32) -> Bool {
        if slice.isNone { slice = .allocate(BodyProducer.sliceSize) }
        guard !slice.isNone else { return false }
        sliceStart = 0
        sliceEnd = 0
        while sliceEnd < slice.capacity, current < segments.count {
            let rest = unsafe slice.bytes(from: sliceEnd, to: slice.capacity)
            guard let taken = unsafe take(into: rest, file: file) else { return false }
            sliceEnd &+= taken
        }
        return true
    }

    /// Takes bytes of the current segment; nil when they cannot be read.
    private func take(into room: UnsafeMutableRawBufferPointer, file: Int32) -> Int? {
        let taken: Int
        let total: Int64
        switch segments[current] {
        case .bytes(let bytes):
            total = Int64(bytes.count)
            taken = min(room.count, bytes.count &- Int(position))
            unsafe bytes.withUnsafeBytes { source in
                let piece = unsafe UnsafeRawBufferPointer(
                    rebasing: source[Int(position)..<(Int(position) &+ taken)])
                unsafe room.copyMemory(from: piece)
            }
        case .file(let offset, let count):
            total = count
            let wanted = Int(min(Int64(room.count), count &- position))
            // An empty file: reading nothing is not its end.
            guard wanted > 0 else {
                taken = 0
                break
            }
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<wanted])
            guard
                case .bytes(let read) = unsafe readFile(file, at: offset &+ position, into: target),
                read > 0
            else { return nil }
            taken = read
        }
        position &+= Int64(taken)
        if position >= total {
            current &+= 1
            position = 0
        }
        return taken
    }
}
