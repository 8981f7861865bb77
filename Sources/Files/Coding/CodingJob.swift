public import Linux

/// A body on its way through gzip at the level that makes it smallest, a slice at a time, so that
/// whoever does it can do other things in between.
///
/// A file is read twice: for its digest, by which the body may be known already, and to be
/// compressed. What it is known by afterwards is what was read then.
public final class CodingJob {
    /// Longer files are not compressed beforehand: a slice takes some milliseconds, and this many
    /// a second.
    public static let longest: Int64 = 16 << 20
    /// How much a step reads.
    static let slice = 65536

    /// What is compressed.
    public enum Source: ~Copyable {
        case bytes([UInt8])
        /// So many bytes of a file.
        case file(Descriptor, count: Int64)
    }

    /// How far a step has come.
    public enum Step {
        case goesOn
        /// All of it was read, and `digest` is its; the next steps compress it.
        case isDigested
        case isCoded(CodedBody)
        /// The file has become shorter, cannot be read, or memory is short.
        case failed
    }

    private enum Phase {
        case digesting, coding
    }

    private let bytes: [UInt8]
    /// The file, which is this one's; -1 where there are bytes.
    private let plain: Int32
    private let count: Int64
    private var phase: Phase
    private var position: Int64 = 0
    private var digester = SHA256()
    /// What all that was read last has come to.
    public private(set) var digest: [UInt8] = []
    private var input = [UInt8](repeating: 0, count: CodingJob.slice)
    private var output = [UInt8](repeating: 0, count: CodingJob.slice)
    private var encoder: Gzip?
    private var file: Descriptor?
    private var written: Int64 = 0

    /// Bytes that are at hand are compressed at once; files are digested first.
    public init(_ source: consuming Source) {
        switch consume source {
        case .bytes(let given):
            bytes = given
            plain = -1
            count = Int64(given.count)
            phase = .coding
        case .file(let file, let size):
            bytes = []
            plain = file.release()
            count = size
            phase = .digesting
        }
    }

    deinit { if plain >= 0 { closeDescriptor(plain) } }

    /// Does the next slice.
    public func step() -> Step {
        guard count <= CodingJob.longest else { return .failed }
        switch phase {
        case .digesting: return digestSlice()
        case .coding: return codeSlice()
        }
    }

    private func digestSlice() -> Step {
        guard let read = readSlice() else { return .failed }
        digester.update(input.span.extracting(0..<read))
        position &+= Int64(read)
        guard position >= count else { return .goesOn }
        finishDigest()
        phase = .coding
        return .isDigested
    }

    private func finishDigest() {
        digest = digester.finish()
        digester = SHA256()
        position = 0
    }

    private func codeSlice() -> Step {
        if encoder == nil {
            encoder = Gzip(level: 9, sizeHint: count)
            file = try? openMemoryFile(named: "apus-gzip")
        }
        guard let encoder, let read = readSlice() else { return .failed }
        digester.update(input.span.extracting(0..<read))
        position &+= Int64(read)
        let isLast = position >= count
        var done = 0
        while true {
            let progress = compress(encoder, from: done, to: read, finish: isLast)
            guard !progress.isBroken, write(progress.produced) else { return .failed }
            done &+= progress.consumed
            if progress.isFinished { return end() }
            if !isLast, done >= read { return .goesOn }
        }
    }

    private func compress(
        _ encoder: Gzip, from start: Int, to end: Int, finish: Bool
    ) -> StreamProgress {
        unsafe input.withUnsafeBytes { input in
            unsafe output.withUnsafeMutableBytes { output in
                unsafe encoder.compress(
                    UnsafeRawBufferPointer(rebasing: input[start..<end]), into: output,
                    finish: finish)
            }
        }
    }

    /// Fills `input` with what comes next; how much that is, nil when it cannot be had.
    private func readSlice() -> Int? {
        let wanted = Int(min(Int64(CodingJob.slice), count &- position))
        guard wanted > 0 else { return wanted == 0 ? 0 : nil }
        guard plain >= 0 else {
            let start = Int(position)
            input.replaceSubrange(0..<wanted, with: bytes[start..<(start &+ wanted)])
            return wanted
        }
        let result = unsafe input.withUnsafeMutableBytes {
            unsafe readFile(
                plain, at: position, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<wanted]))
        }
        guard case .bytes(let read) = result, read > 0 else { return nil }
        return read
    }

    private func write(_ produced: Int) -> Bool {
        guard let number = file?.number else { return false }
        guard produced == 0 || writeBytes(number, Array(output[..<produced]), at: written) else {
            return false
        }
        written &+= Int64(produced)
        return true
    }

    private func end() -> Step {
        finishDigest()
        var made: Descriptor?
        swap(&made, &file)
        switch consume made {
        case nil: return .failed
        case let file?: return handOver(file)
        }
    }

    private func handOver(_ file: consuming Descriptor) -> Step {
        guard written > Int64(CodedBody.longestBytes) else {
            let bytes = readBytes(file.number, atMost: Int(written))
            return bytes.count == Int(written) ? .isCoded(.bytes(bytes)) : .failed
        }
        guard seal(file) else { return .failed }
        return .isCoded(.file(SealedFile(owning: file.release()), count: written))
    }
}
