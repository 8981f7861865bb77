import Glibc
public import Linux

/// The gzip variants of cached files. Each version of a file is compressed once, by the helper
/// process, and its variant is dropped with that version.
///
/// A variant is a cache entry of its own, so that a response is built from it like from any file.
/// It is found only through its original and is current exactly as long as that is.
extension FileCache {
    /// The input of a compression: the bytes of the entry, or its open file.
    public enum CompressionSource: Equatable {
        case bytes([UInt8])
        case file(Int32)
    }

    /// Returns the gzip variant of an entry that was just found; nil if there is none yet.
    public mutating func variant(of entry: Int32, nowMs: Int64) -> FoundFile? {
        let owner = Int(entry)
        guard entries[owner].compression == .made else { return nil }
        let variant = Int(entries[owner].partner)
        entries[variant].epoch = entries[owner].epoch
        entries[variant].usedMs = nowMs
        if entries[variant].uses < ClockEviction.maxUses { entries[variant].uses &+= 1 }
        return FoundFile(entry: entries[owner].partner, fileStatus: entries[variant].fileStatus)
    }

    /// True if the entry has no variant yet but may get one.
    public func mayGetVariant(_ entry: Int32) -> Bool {
        entries[Int(entry)].compression != .refused && entries[Int(entry)].fileStatus.size > 0
            && entries[Int(entry)].fileStatus.size <= CompressionJob.maxFileSize
    }

    /// Returns what is to be compressed for an entry and marks the compression as requested; the
    /// entry is pinned until ``adopt(_:for:_:nowMs:)``. Returns nil if it was requested before or
    /// is impossible.
    public mutating func beginCompression(_ entry: Int32, nowMs: Int64) -> CompressionSource? {
        let owner = Int(entry)
        guard entries[owner].compression == .none, entries[owner].kind == .regular,
            mayGetVariant(entry), entries[owner].isReady
        else { return nil }
        entries[owner].compression = .queued
        pin(entry, nowMs: nowMs)
        guard entries[owner].hasBytes else { return .file(entries[owner].descriptor) }
        let bytes = bytes(of: entry)
        return .bytes(bytes.indices.map { bytes[$0] })
    }

    /// Stores the result of a compression; nil if there is none. The caller has processed all
    /// change notifications before. A result for an earlier version of the file, or without room in
    /// the cache, is dropped.
    public mutating func adopt(
        _ body: CompressedBody?, for entry: Int32, _ generation: UInt32, nowMs: Int64
    ) {
        let owner = Int(entry)
        guard entries[owner].generation == generation, entries[owner].compression == .queued else {
            return
        }
        entries[owner].compression = .refused
        if let body, !entries[owner].isDead, isAsWatched(owner) {
            keep(body, of: owner, nowMs: nowMs)
        }
        unpin(entry, nowMs: nowMs)
    }

    /// Records that no helper process is running to compress an entry. It may be requested again
    /// later.
    public mutating func abandonCompression(_ entry: Int32, _ generation: UInt32, nowMs: Int64) {
        let owner = Int(entry)
        guard entries[owner].generation == generation, entries[owner].compression == .queued else {
            return
        }
        entries[owner].compression = .none
        unpin(entry, nowMs: nowMs)
    }

    private func isAsWatched(_ owner: Int) -> Bool {
        entries[owner].watch < 0
            || table.isUnchanged(entries[owner].watch, since: entries[owner].version)
    }

    private mutating func keep(_ body: CompressedBody, of owner: Int, nowMs: Int64) {
        let count = body.count
        guard let size = Int(exactly: count), size > 0, let place = room(for: size) else { return }
        var variant = FileEntry(
            compressedFrom: entries[owner], at: owner, count: count, nowMs: nowMs)
        variant.generation = entries[place].generation &+ 1
        switch body {
        case .bytes(let bytes):
            guard let memory = unsafe malloc(size) else { return slots.release(place) }
            unsafe bytes.withUnsafeBytes { source in
                guard let start = source.baseAddress else { return }
                unsafe memory.copyMemory(from: start, byteCount: size)
            }
            unsafe variant.memory = memory
            variant.hasBytes = true
        case .file(let file, _):
            variant.descriptor = file.detach()
            variant.openPosition = Int32(truncatingIfNeeded: openVariants.count)
            openVariants.append(Int32(truncatingIfNeeded: place))
        }
        entries[place] = variant
        entries[owner].partner = Int32(truncatingIfNeeded: place)
        entries[owner].compression = .made
        entryBytes &+= cost(of: place)
    }

    // MARK: eviction

    func hasVariantInUse(_ owner: Int) -> Bool {
        guard entries[owner].compression == .made else { return false }
        let variant = Int(entries[owner].partner)
        return entries[variant].uses > 0 || entries[variant].pins > 0
    }

    mutating func dropVariant(of owner: Int) {
        guard entries[owner].compression == .made else { return }
        drop(Int(entries[owner].partner))
    }

    /// Detaches a variant from its original, which may be compressed again.
    mutating func detachVariant(_ owner: Int) {
        let original = Int(entries[owner].partner)
        entries[original].partner = -1
        entries[original].compression = .none
        entries[owner].partner = -1
    }

    /// Drops all variants that are open and not in use. Returns their number.
    mutating func dropOpenVariants() -> Int {
        var dropped = 0
        // In reverse, because the last element replaces a removed one.
        for position in openVariants.indices.reversed() {
            let owner = Int(openVariants[position])
            guard entries[owner].pins == 0 else { continue }
            drop(owner)
            dropped &+= 1
        }
        return dropped
    }
}

/// A body that was compressed once: the bytes of a short one, or a sealed memory file.
public enum CompressedBody {
    case bytes([UInt8])
    /// A memory file and its size in bytes.
    case file(SealedFile, count: Int64)

    /// The maximum size of bodies that are passed as bytes.
    public static let maxInlineBytes = 16384

    /// The size in bytes.
    public var count: Int64 {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, let count): count
        }
    }
}

/// A memory file that no process can change any more. Closed with its last owner.
public final class SealedFile {
    /// The descriptor; -1 after ``release()``.
    public private(set) var number: Int32

    /// Takes over `number`.
    public init(owning number: Int32) { self.number = number }

    deinit { if number >= 0 { closeDescriptor(number) } }

    /// Returns the descriptor, which the caller owns from then on.
    func detach() -> Int32 {
        defer { number = -1 }
        return number
    }
}

/// Recently compressed bodies by the digest of their input. A body that several workers request is
/// compressed once.
public struct CompressedBodyCache {
    /// The maximum number of bodies. Each may hold a descriptor.
    static let maxBodies = 512

    /// The cached bodies, the most recently used one last.
    private var known: [(digest: [UInt8], body: CompressedBody)] = []
    private let maxBytes: Int64
    /// Bytes of the cached bodies.
    public private(set) var byteCount: Int64 = 0

    /// Creates a cache of at most `bytes` bytes.
    public init(bytes: Int64) { maxBytes = bytes }

    /// Returns the body with this digest; nil if there is none.
    public mutating func body(of digest: [UInt8]) -> CompressedBody? {
        guard let index = known.firstIndex(where: { $0.digest == digest }) else { return nil }
        let found = known.remove(at: index)
        known.append(found)
        return found.body
    }

    /// Caches a body; the least recently used ones are evicted.
    public mutating func store(_ digest: [UInt8], _ body: CompressedBody) {
        let count = body.count
        guard count <= maxBytes, !known.contains(where: { $0.digest == digest }) else { return }
        while let oldest = known.first,
            byteCount &+ count > maxBytes || known.count >= CompressedBodyCache.maxBodies
        {
            byteCount &-= oldest.body.count
            known.removeFirst()
        }
        known.append((digest, body))
        byteCount &+= count
    }
}

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

    /// The content to compress.
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
