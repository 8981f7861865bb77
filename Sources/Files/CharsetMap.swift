/// A `charset_map`: maps each byte of one charset to a byte, or to a UTF-8 character, of another.
/// ASCII is the same in both unless it is mapped as well.
public struct CharsetMap {
    private var form: Form

    private enum Form {
        case bytes(forward: [UInt8], backward: [UInt8])
        case utf8(forward: [UInt32], backward: [UInt8])
    }

    /// Creates a map to UTF-8, or to a charset with one byte per character. Unmapped bytes become
    /// `?`.
    public init(toUTF8: Bool) {
        let question = UInt8(ascii: "?")
        let ascii = (0..<256).map { $0 < 128 ? UInt8($0) : question }
        if toUTF8 {
            var backward = [UInt8](repeating: 0, count: 65536)
            for byte in 0..<128 { backward[byte] = UInt8(byte) }
            form = .utf8(
                forward: ascii.map { RecodingTable.packed([$0]) }, backward: backward)
        } else {
            form = .bytes(forward: ascii, backward: ascii)
        }
    }

    /// Maps a byte to bytes of the other charset. Returns false if these are not one byte or, in
    /// UTF-8, not exactly one character of two or three bytes.
    public mutating func map(_ byte: UInt8, to other: [UInt8]) -> Bool {
        switch form {
        case .bytes(var forward, var backward):
            guard other.count == 1 else { return false }
            forward[Int(byte)] = other[0]
            backward[Int(other[0])] = byte
            form = .bytes(forward: forward, backward: backward)
        case .utf8(var forward, var backward):
            guard other.count <= 3, !other.isEmpty, other[0] >= 0x80,
                case .character(let scalar, _) = UTF8Sequence(other.span, at: 0),
                scalar < 0x10000
            else { return false }
            forward[Int(byte)] = RecodingTable.packed(other)
            backward[Int(scalar)] = byte
            form = .utf8(forward: forward, backward: backward)
        }
        return true
    }

    /// From the first charset to the second.
    public var forward: RecodingTable {
        switch form {
        case .bytes(let forward, _): RecodingTable(.bytes(forward))
        case .utf8(let forward, _): RecodingTable(.toUTF8(forward))
        }
    }

    /// From the second charset to the first.
    public var backward: RecodingTable {
        switch form {
        case .bytes(_, let backward): RecodingTable(.bytes(backward))
        case .utf8(_, let backward): RecodingTable(.fromUTF8(backward))
        }
    }
}

/// The next character of UTF-8 text, decoded as nginx does: strict about the first byte, lax about
/// the following ones.
enum UTF8Sequence: Equatable {
    /// A character beyond ASCII and its length in bytes.
    case character(UInt32, count: Int)
    /// Bytes that are not UTF-8.
    case invalid(count: Int)
    /// An incomplete character: more bytes are needed.
    case incomplete

    /// Decodes at `start`, where `bytes[start]` is 0x80 or more.
    init(_ bytes: Span<UInt8>, at start: Int) {
        let first = bytes[start]
        let (following, least): (Int, UInt32)
        switch first {
        case 0xC2..<0xE0: (following, least) = (1, 0x80)
        case 0xE0..<0xF0: (following, least) = (2, 0x800)
        case 0xF0..<0xF8: (following, least) = (3, 0x10000)
        default:
            self = .invalid(count: 1)
            return
        }
        guard bytes.count &- start > following else {
            self = .incomplete
            return
        }
        var scalar = UInt32(first) & (0x3F &>> UInt32(following))
        for index in 1...following {
            let byte = bytes[start &+ index]
            guard byte >= 0x80 else {
                // nginx skips the byte that does not belong as well.
                self = .invalid(count: index &+ 1)
                return
            }
            scalar = scalar &<< 6 | UInt32(byte & 0x3F)
        }
        let isValid = scalar >= least && scalar <= 0x10FFFF
        self =
            isValid
            ? .character(scalar, count: following &+ 1) : .invalid(count: following &+ 1)
    }
}
