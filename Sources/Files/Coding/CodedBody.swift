import Linux

/// A body that was compressed once: the bytes of a short one, or a sealed file in memory.
public enum CodedBody {
    case bytes([UInt8])
    /// So many bytes.
    case file(SealedFile, count: Int64)

    /// Shorter ones are handed over as bytes.
    public static let longestBytes = 16384

    /// How many bytes it has.
    public var count: Int64 {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, let count): count
        }
    }
}

/// A memory file that nobody can change any more; closed with its last owner.
public final class SealedFile {
    /// The descriptor; -1 once it was given away.
    public private(set) var number: Int32

    /// Takes over `number`.
    public init(owning number: Int32) { self.number = number }

    deinit { if number >= 0 { closeDescriptor(number) } }

    /// Gives the descriptor away.
    func release() -> Int32 {
        defer { number = -1 }
        return number
    }
}
