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

/// One direction of a ``CharsetMap``: converts text of one charset into another, a slice at a time.
public final class RecodingTable: Sendable {
    enum Form {
        /// A table that maps each byte to one byte.
        case bytes([UInt8])
        /// Up to three bytes for each byte: their number in the lowest eight bits, then the bytes.
        case toUTF8([UInt32])
        /// A byte for each of the first 65536 characters; 0 for none.
        case fromUTF8([UInt8])
    }

    private let form: Form

    init(_ form: Form) { self.form = form }

    /// True if recoding keeps the length of the text, so that byte ranges remain valid.
    public var keepsLength: Bool {
        if case .bytes = form { return true }
        return false
    }

    static func packed(_ bytes: [UInt8]) -> UInt32 {
        var value = UInt32(truncatingIfNeeded: bytes.count)
        for index in bytes.indices { value |= UInt32(bytes[index]) &<< UInt32(index &* 8 &+ 8) }
        return value
    }

    /// Recodes from `input` into `output` until one of them is used up. With `isLast` the input is
    /// the end of the text.
    ///
    /// From UTF-8, a character without a byte becomes a reference (`&#8364;`) and invalid bytes
    /// become `?`. An incomplete character is left for the next call, and left out at the end of
    /// the text, as in nginx.
    public func recode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, isLast: Bool
    ) -> StreamProgress {
        var taken = 0
        var made = 0
        switch form {
        case .bytes(let table):
            let count = min(input.count, output.count)
            while taken < count {
                output[taken] = table[Int(input[taken])]
                taken &+= 1
            }
            made = taken
        case .toUTF8(let table):
            while taken < input.count {
                var packed = table[Int(input[taken])]
                let count = Int(packed & 0xFF)
                guard output.count &- made >= count else { break }
                for _ in 0..<count {
                    packed &>>= 8
                    output[made] = UInt8(truncatingIfNeeded: packed)
                    made &+= 1
                }
                taken &+= 1
            }
        case .fromUTF8(let table):
            (taken, made) = RecodingTable.recodeUTF8(input, into: &output, table)
            let isIncomplete =
                taken < input.count && input[taken] >= 0x80
                && UTF8Sequence(input, at: taken) == .incomplete
            if isLast, isIncomplete { taken = input.count }
        }
        return StreamProgress(
            consumed: taken, produced: made, isFinished: isLast && taken == input.count,
            isBroken: false)
    }

    private static func recodeUTF8(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, _ table: [UInt8]
    ) -> (taken: Int, made: Int) {
        var taken = 0
        var made = 0
        while taken < input.count {
            guard input[taken] >= 0x80 else {
                guard made < output.count else { break }
                output[made] = input[taken]
                taken &+= 1
                made &+= 1
                continue
            }
            switch UTF8Sequence(input, at: taken) {
            case .incomplete: return (taken, made)
            case .invalid(let count):
                guard made < output.count else { return (taken, made) }
                output[made] = UInt8(ascii: "?")
                made &+= 1
                taken &+= count
            case .character(let scalar, let count):
                let byte = scalar < 0x10000 ? table[Int(scalar)] : 0
                guard write(byte, scalar, into: &output, at: &made) else { return (taken, made) }
                taken &+= count
            }
        }
        return (taken, made)
    }

    /// Writes a byte, or for 0 a reference to a character. Returns false if there is no room.
    private static func write(
        _ byte: UInt8, _ scalar: UInt32, into output: inout MutableSpan<UInt8>, at made: inout Int
    ) -> Bool {
        if byte != 0 {
            guard made < output.count else { return false }
            output[made] = byte
            made &+= 1
            return true
        }
        let digits = String(scalar).utf8
        guard output.count &- made >= digits.count &+ 3 else { return false }
        output[made] = UInt8(ascii: "&")
        output[made &+ 1] = UInt8(ascii: "#")
        made &+= 2
        for digit in digits {
            output[made] = digit
            made &+= 1
        }
        output[made] = UInt8(ascii: ";")
        made &+= 1
        return true
    }
}
