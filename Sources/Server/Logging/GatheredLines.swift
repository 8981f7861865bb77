import Files
import Linux

/// The lines that wait to be written into one file.
struct GatheredLines {
    /// How they are gathered; nil to write them once a turn.
    let buffering: LogBuffering?
    /// When they are written at the latest; Int64.max when there is no such time.
    private(set) var dueMs = Int64.max
    private var bytes: [UInt8] = []
    /// The last line in the file is cut: the disk became full within it.
    private var isCut = false

    /// Lines that are not buffered are written at once when a turn has made more than this.
    private static let turnSize = 65536

    init(_ buffering: LogBuffering?) { self.buffering = buffering }

    var isEmpty: Bool { bytes.isEmpty }

    /// Whether a line has no room beside those that wait, which are to be written first.
    func isFull(for line: Span<UInt8>) -> Bool {
        guard let buffering, !bytes.isEmpty else { return false }
        return line.count > buffering.size &- bytes.count
    }

    /// Adds a line; true when what there is now is to be written at once.
    mutating func add(_ line: Span<UInt8>, nowMs: Int64) -> Bool {
        if bytes.isEmpty, let flushMs = buffering?.flushMs { dueMs = nowMs &+ flushMs }
        bytes.append(line)
        return bytes.count > (buffering?.size ?? GatheredLines.turnSize)
    }

    /// Writes what has been gathered; what went wrong, if something did. What does not go in is
    /// lost.
    mutating func write(to descriptor: Int32) -> WriteFault? {
        guard !bytes.isEmpty else { return nil }
        defer {
            bytes.removeAll(keepingCapacity: true)
            dueMs = Int64.max
        }
        guard descriptor >= 0 else { return nil }
        guard let level = buffering?.gzipLevel else { return writePlain(to: descriptor) }
        guard let member = Gzip.member(of: bytes, level: level) else {
            return .failed(Errno.noMemory)
        }
        return GatheredLines.write(member, to: descriptor)
    }

    private mutating func writePlain(to descriptor: Int32) -> WriteFault? {
        if isCut { bytes.insert(UInt8(ascii: "\n"), at: 0) }
        let fault = GatheredLines.write(bytes, to: descriptor)
        if case .incomplete = fault { isCut = true }
        if fault == nil { isCut = false }
        return fault
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> WriteFault? {
        switch unsafe bytes.withUnsafeBytes({ unsafe Linux.write(descriptor, $0) }) {
        case .bytes(bytes.count): nil
        case .bytes(let written): .incomplete(written, of: bytes.count)
        case .wouldBlock: .failed(Errno.again)
        case .failed(let code): .failed(code)
        }
    }

    /// Why lines were lost.
    enum WriteFault: Equatable {
        case incomplete(Int, of: Int)
        /// errno(3)
        case failed(Int32)
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
