import Files
import Linux

/// The lines that wait to be written to one file.
struct LineBuffer {
    /// The buffering parameters; nil to write lines as soon as all that have arrived are collected.
    let buffering: LogBuffering?
    /// The time at which they must be written; Int64.max for none.
    private(set) var dueMs = Int64.max
    /// The number of lines.
    private(set) var count = 0
    private var bytes: [UInt8] = []

    /// The maximum number of bytes that are collected without buffering.
    private static let maxBytes = 65536

    /// The end of a line.
    static let end = UInt8(ascii: "\n")

    init(_ buffering: LogBuffering?) { self.buffering = buffering }

    var isEmpty: Bool { count == 0 }

    /// Returns true if a line does not fit after those that wait, which must be written first.
    func isFull(for line: Span<UInt8>) -> Bool {
        guard let buffering, !isEmpty else { return false }
        return line.count > buffering.size &- bytes.count
    }

    /// Adds a line. Returns true if the lines must be written at once.
    mutating func add(_ line: Span<UInt8>, nowMs: Int64) -> Bool {
        if isEmpty, let flushMs = buffering?.flushMs { dueMs = nowMs &+ flushMs }
        bytes.append(line)
        count &+= 1
        // A hostile worker may omit the line end: the next line is another worker's.
        if bytes.last != LineBuffer.end { bytes.append(LineBuffer.end) }
        return bytes.count > (buffering?.size ?? LineBuffer.maxBytes)
    }

    /// Passes the lines in the format of the file to `write`. Returns false if memory is short and
    /// the lines are lost.
    mutating func flush(_ write: (Span<UInt8>) -> Void) -> Bool {
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
    /// Returns `bytes` as a complete gzip file; nil if memory is short.
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
