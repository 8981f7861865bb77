/// Bodies that were compressed lately, by the digest of what they were made of, so that a body that
/// several workers ask for is compressed once.
public struct CodedMemory {
    /// Each may hold a descriptor.
    static let mostBodies = 512

    /// Those used last come last.
    private var known: [(digest: [UInt8], body: CodedBody)] = []
    private let mostBytes: Int64
    /// How many bytes are kept.
    public private(set) var byteCount: Int64 = 0

    /// Keeps at most so many bytes.
    public init(bytes: Int64) { mostBytes = bytes }

    /// The body that is known by this digest; nil when there is none.
    public mutating func body(of digest: [UInt8]) -> CodedBody? {
        guard let index = known.firstIndex(where: { $0.digest == digest }) else { return nil }
        let found = known.remove(at: index)
        known.append(found)
        return found.body
    }

    /// Keeps a body; those that were used longest ago give way.
    public mutating func keep(_ digest: [UInt8], _ body: CodedBody) {
        let count = body.count
        guard count <= mostBytes, !known.contains(where: { $0.digest == digest }) else { return }
        while let oldest = known.first,
            byteCount &+ count > mostBytes || known.count >= CodedMemory.mostBodies
        {
            byteCount &-= oldest.body.count
            known.removeFirst()
        }
        known.append((digest, body))
        byteCount &+= count
    }
}
