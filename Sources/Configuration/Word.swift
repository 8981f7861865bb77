/// One word of a directive: its bytes after quotes and escapes were taken off, and where it stands.
public struct Word: Hashable, Sendable {
    /// What the word means, byte for byte (a path or a regular expression need not be UTF-8).
    public let bytes: [UInt8]
    /// Where it starts in the file; for a quoted word, at its quote.
    public let place: Place
    /// How many bytes of the file it takes, quotes and backslashes included.
    public let length: Int
    /// Whether it stood in quotes.
    public let isQuoted: Bool
    /// Whether it is the first thing on its line.
    public let startsLine: Bool

    /// The stretches of ``bytes`` that came from the environment: nothing in them is syntax, so
    /// that a `$` there begins no variable.
    public let literals: [Range<Int>]

    /// A word that was read at a place.
    public init(
        bytes: [UInt8], place: Place, length: Int, isQuoted: Bool = false,
        startsLine: Bool = false, literals: [Range<Int>] = []
    ) {
        self.literals = literals
        self.bytes = bytes
        self.place = place
        self.length = length
        self.isQuoted = isQuoted
        self.startsLine = startsLine
    }

    /// The word as text; bytes that are not UTF-8 are replaced (``bytes`` has them as they are).
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// ``literals`` as they stand in a part of the word, or in a text that ends with the word.
    public func literals(in part: [UInt8]) -> [Range<Int>] {
        guard !literals.isEmpty else { return [] }
        let isPart = part.count <= bytes.count
        guard
            isPart ? bytes.suffix(part.count) == part[...] : part.suffix(bytes.count) == bytes[...]
        else { return [] }
        let shift = part.count &- bytes.count
        return literals.compactMap { range in
            let end = range.upperBound &+ shift
            return end > 0 ? max(range.lowerBound &+ shift, 0)..<end : nil
        }
    }

    /// The place right after the word.
    var end: Place { place.advanced(by: length) }
}
