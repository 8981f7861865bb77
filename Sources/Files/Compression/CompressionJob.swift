public import Linux

/// Compresses one body with gzip at the best level, a slice at a time, so that the caller can do
/// other work in between.
///
/// A file is read twice: for its digest, which may be known already, and to be compressed. The
/// final digest is of the bytes that were read the second time.
public final class CompressionJob {
    /// The largest file that is compressed for the cache. A slice takes a few milliseconds; this
    /// size takes about a second.
    public static let maxFileSize: Int64 = 16 << 20
    /// The number of bytes read in one step.
    static let slice = 65536

    /// The input.
    public enum Source: ~Copyable {
        case bytes([UInt8])
        /// A file and its size in bytes.
        case file(Descriptor, count: Int64)
    }

    /// The progress of a step.
    public enum Step {
        case inProgress
        /// The input was read completely and `digest` is set; the next steps compress it.
        case digested
        case compressed(CompressedBody)
        /// The file was truncated, cannot be read, or memory is short.
        case failed
    }

    private enum Phase {
        case digesting, compressing
    }

    private let bytes: [UInt8]
    /// The file, owned by this job; -1 for bytes.
    private let plain: Int32
    private let count: Int64
    private var phase: Phase
    private var position: Int64 = 0
    private var digester = SHA256()
    /// The digest of the last complete read.
    public private(set) var digest: [UInt8] = []
    private var input = [UInt8](repeating: 0, count: CompressionJob.slice)
    private var output = [UInt8](repeating: 0, count: CompressionJob.slice)
    private var encoder: Gzip?
    private var file: Descriptor?
    private var written: Int64 = 0

    /// Creates a job. Bytes in memory are compressed at once; files are digested first.
    public init(_ source: consuming Source) {
        switch consume source {
        case .bytes(let given):
            bytes = given
            plain = -1
            count = Int64(given.count)
            phase = .compressing
        case .file(let file, let size):
            bytes = []
            plain = file.detach()
            count = size
            phase = .digesting
        }
    }

    deinit { if plain >= 0 { closeDescriptor(plain) } }

    /// Processes the next slice.
    public func step() -> Step {
        guard count <= CompressionJob.maxFileSize else { return .failed }
        switch phase {
        case .digesting: return digestSlice()
        case .compressing: return compressSlice()
        }
    }

    private func digestSlice() -> Step {
        guard let read = readSlice() else { return .failed }
        digester.update(input.span.extracting(0..<read))
        position &+= Int64(read)
        guard position >= count else { return .inProgress }
        finishDigest()
        phase = .compressing
        return .digested
    }

    private func finishDigest() {
        digest = digester.finish()
        digester = SHA256()
        position = 0
    }

    private func compressSlice() -> Step {
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
            if !isLast, done >= read { return .inProgress }
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

    /// Reads the next slice into `input`. Returns its size; nil if the file cannot be read.
    private func readSlice() -> Int? {
        let wanted = Int(min(Int64(CompressionJob.slice), count &- position))
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
        case let file?: return takeResult(file)
        }
    }

    private func takeResult(_ file: consuming Descriptor) -> Step {
        guard written > Int64(CompressedBody.maxInlineBytes) else {
            let bytes = readBytes(file.number, atMost: Int(written))
            return bytes.count == Int(written) ? .compressed(.bytes(bytes)) : .failed
        }
        guard seal(file) else { return .failed }
        return .compressed(.file(SealedFile(owning: file.detach()), count: written))
    }
}
