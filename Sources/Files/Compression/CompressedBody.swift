import Linux

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
