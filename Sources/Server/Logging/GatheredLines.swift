import Files
import Linux

/// The lines that wait to be written into one file.
struct GatheredLines {
    /// How they are gathered; nil to write them as soon as all that have come are gathered.
    let buffering: LogBuffering?
    /// When they are written at the latest; Int64.max when there is no such time.
    private(set) var dueMs = Int64.max
    /// How many there are.
    private(set) var count = 0
    private var bytes: [UInt8] = []

    /// Lines that are not buffered are written at once when there are more bytes than this.
    private static let mostBytes = 65536

    /// What a line ends with.
    static let end = UInt8(ascii: "\n")

    init(_ buffering: LogBuffering?) { self.buffering = buffering }

    var isEmpty: Bool { count == 0 }

    /// Whether a line has no room beside those that wait, which are to be written first.
    func isFull(for line: Span<UInt8>) -> Bool {
        guard let buffering, !isEmpty else { return false }
        return line.count > buffering.size &- bytes.count
    }

    /// Adds a line; true when what there is now is to be written at once.
    mutating func add(_ line: Span<UInt8>, nowMs: Int64) -> Bool {
        if isEmpty, let flushMs = buffering?.flushMs { dueMs = nowMs &+ flushMs }
        bytes.append(line)
        count &+= 1
        // A hostile worker may leave the end out: the next line is another worker's.
        if bytes.last != GatheredLines.end { bytes.append(GatheredLines.end) }
        return bytes.count > (buffering?.size ?? GatheredLines.mostBytes)
    }

    /// Hands what has been gathered to `write`, as it is to be in the file; false when memory is
    /// short and the lines are lost.
    mutating func take(_ write: (Span<UInt8>) -> Void) -> Bool {
        defer {
            bytes.removeAll(keepingCapacity: true)
            count = 0
            dueMs = Int64.max
        }
        guard let level = buffering?.gzipLevel, !bytes.isEmpty else {
            write(bytes.span)
            return true
        }
        guard let member = Gzip.member(of: bytes, level: level) else { return false }
        write(member.span)
        return true
    }
}

extension Gzip {
    /// A whole gzip file of `bytes`; nil when memory is short.
    static func member(of bytes: [UInt8], level: Int) -> [UInt8]? {
        guard let encoder = Gzip(level: level, sizeHint: Int64(bytes.count)) else { return nil }
        var member: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        var done = 0
        while true {
            var output = chunk.mutableSpan
            let input = bytes.span.extracting(done..<bytes.count)
            let progress = encoder.compress(input, into: &output, finish: true)
            guard !progress.isBroken else { return nil }
            done &+= progress.consumed
            member.append(chunk.span.extracting(0..<progress.produced))
            if progress.isFinished { return member }
        }
    }
}
