import Glibc
import Linux

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
        let slot = Int(entry)
        guard entries[slot].compression == .made else { return nil }
        let variant = Int(entries[slot].partner)
        entries[variant].epoch = entries[slot].epoch
        entries[variant].usedMs = nowMs
        if entries[variant].uses < ClockEviction.maxUses { entries[variant].uses &+= 1 }
        return FoundFile(entry: entries[slot].partner, fileStatus: entries[variant].fileStatus)
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
        let slot = Int(entry)
        guard entries[slot].compression == .none, entries[slot].kind == .regular,
            mayGetVariant(entry), entries[slot].isReady
        else { return nil }
        entries[slot].compression = .queued
        pin(entry, nowMs: nowMs)
        guard entries[slot].hasBytes else { return .file(entries[slot].descriptor) }
        let bytes = bytes(of: entry)
        return .bytes(bytes.indices.map { bytes[$0] })
    }

    /// Stores the result of a compression; nil if there is none. The caller has processed all
    /// change notifications before. A result for an earlier version of the file, or without room in
    /// the cache, is dropped.
    public mutating func adopt(
        _ body: CompressedBody?, for entry: Int32, _ generation: UInt32, nowMs: Int64
    ) {
        let slot = Int(entry)
        guard entries[slot].generation == generation, entries[slot].compression == .queued else {
            return
        }
        entries[slot].compression = .refused
        if let body, !entries[slot].isDead, isAsWatched(slot) { keep(body, of: slot, nowMs: nowMs) }
        unpin(entry, nowMs: nowMs)
    }

    /// Records that no helper process is running to compress an entry. It may be requested again
    /// later.
    public mutating func abandonCompression(_ entry: Int32, _ generation: UInt32, nowMs: Int64) {
        let slot = Int(entry)
        guard entries[slot].generation == generation, entries[slot].compression == .queued else {
            return
        }
        entries[slot].compression = .none
        unpin(entry, nowMs: nowMs)
    }

    private func isAsWatched(_ slot: Int) -> Bool {
        entries[slot].watch < 0
            || table.isUnchanged(entries[slot].watch, since: entries[slot].version)
    }

    private mutating func keep(_ body: CompressedBody, of slot: Int, nowMs: Int64) {
        let count = body.count
        guard let size = Int(exactly: count), size > 0, let place = room(for: size) else { return }
        var variant = FileEntry(compressedFrom: entries[slot], at: slot, count: count, nowMs: nowMs)
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
        entries[slot].partner = Int32(truncatingIfNeeded: place)
        entries[slot].compression = .made
        entryBytes &+= cost(of: place)
    }

    // MARK: eviction

    func hasVariantInUse(_ slot: Int) -> Bool {
        guard entries[slot].compression == .made else { return false }
        let variant = Int(entries[slot].partner)
        return entries[variant].uses > 0 || entries[variant].pins > 0
    }

    mutating func dropVariant(of slot: Int) {
        guard entries[slot].compression == .made else { return }
        drop(Int(entries[slot].partner))
    }

    /// Detaches a variant from its original, which may be compressed again.
    mutating func detachVariant(_ slot: Int) {
        let original = Int(entries[slot].partner)
        entries[original].partner = -1
        entries[original].compression = .none
        entries[slot].partner = -1
    }

    /// Drops all variants that are open and not in use. Returns their number.
    mutating func dropOpenVariants() -> Int {
        var dropped = 0
        // In reverse, because the last element replaces a removed one.
        for position in openVariants.indices.reversed() {
            let slot = Int(openVariants[position])
            guard entries[slot].pins == 0 else { continue }
            drop(slot)
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
