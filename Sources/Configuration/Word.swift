/// One word of a directive: its bytes without quotes and escapes, and its place in the file.
public struct Word: Hashable, Sendable {
    /// The value of the word in bytes (a path or a regular expression need not be UTF-8).
    public let bytes: [UInt8]
    /// The place where it starts; for a quoted word, its quote.
    public let place: Place
    /// The number of bytes in the file, including quotes and backslashes.
    public let length: Int
    /// Whether it was quoted.
    public let isQuoted: Bool
    /// True if it is the first word on its line.
    public let startsLine: Bool

    /// The ranges of ``bytes`` that came from the environment: nothing in them is syntax, so that a
    /// `$` there begins no variable.
    public let literals: [Range<Int>]

    /// Creates a word that was read at a place.
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

    /// The word as text; invalid UTF-8 is replaced (``bytes`` has the original).
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Returns ``literals`` relative to a part of the word, or to a text that ends with the word.
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
