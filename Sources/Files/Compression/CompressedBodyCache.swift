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
