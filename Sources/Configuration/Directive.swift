/// One directive of the tree: its name, its arguments, and the content of its block.
///
/// In a raw block (`types`, `map`, `geo` …) a row looks the same: the name is the pattern.
public struct Directive: Hashable, Sendable {
    /// The first word.
    public let name: Word
    /// The words after it.
    public let arguments: [Word]
    /// The content of the block, with includes expanded; nil if `;` ended the directive.
    public let block: [Directive]?
    /// The place of `{`; nil if there is none.
    public let openBrace: Place?
    /// The place of `}`; nil if there is none.
    public let closeBrace: Place?

    /// Creates a directive from its parts.
    public init(
        name: Word, arguments: [Word] = [], block: [Directive]? = nil, openBrace: Place? = nil,
        closeBrace: Place? = nil
    ) {
        self.name = name
        self.arguments = arguments
        self.block = block
        self.openBrace = openBrace
        self.closeBrace = closeBrace
    }

    /// The place where the directive starts.
    public var place: Place { name.place }
}

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

/// `${ENV:NAME}` or `${ENV:NAME:-default}` in a word: an extension of apus, so that a container
/// needs no template processor. The default replaces a variable that is unset or empty, as in a
/// shell.
struct EnvironmentReference {
    /// A syntax error in a reference.
    struct Fault {
        let message: String
        let help: String
    }

    /// The variable's name.
    let name: String
    /// The text after `:-`, as written; nil without one.
    let defaultText: ArraySlice<UInt8>?
    /// The end of the reference: after its brace, or the end of the word without one.
    let end: Int
    /// The syntax error, if there is one.
    let fault: Fault?

    private static let opening = Array("${ENV:".utf8)

    /// Returns the index where the first reference of a text begins.
    static func firstStart(in text: ArraySlice<UInt8>) -> Int? {
        guard var index = text.firstIndex(of: ASCII.dollar) else { return nil }
        while index < text.endIndex {
            if text[index...].starts(with: opening) { return index }
            guard let next = text[(index + 1)...].firstIndex(of: ASCII.dollar) else { return nil }
            index = next
        }
        return nil
    }

    /// Parses the reference that a text begins with.
    init(_ text: ArraySlice<UInt8>) {
        let inside = text.dropFirst(EnvironmentReference.opening.count)
        let brace = inside.firstIndex(of: ASCII.closeBrace)
        let content = inside[inside.startIndex..<(brace ?? inside.endIndex)]
        end = brace.map { $0 + 1 } ?? inside.endIndex
        let colon = content.firstIndex(of: UInt8(ascii: ":"))
        let nameBytes = content[content.startIndex..<(colon ?? content.endIndex)]
        name = String(decoding: nameBytes, as: UTF8.self)
        let rest = content[(colon ?? content.endIndex)...]
        defaultText = rest.starts(with: Array(":-".utf8)) ? rest.dropFirst(2) : nil
        fault = EnvironmentReference.fault(
            nameBytes, isClosed: brace != nil, isWhole: rest.isEmpty || defaultText != nil)
    }

    private static func fault(
        _ name: ArraySlice<UInt8>, isClosed: Bool, isWhole: Bool
    ) -> Fault? {
        guard isClosed else {
            return Fault(
                message: "\"${ENV:\" is not closed in this word",
                help: "a \"}\" is missing; a default with spaces needs quotes around the word")
        }
        guard isName(name) else {
            return Fault(
                message: "\"\(String(decoding: name, as: UTF8.self))\" is not a valid name of an "
                    + "environment variable",
                help: "a name has letters, digits and underscores: ${ENV:NAME}")
        }
        guard isWhole else {
            return Fault(
                message: "a default begins with \":-\"", help: "write ${ENV:NAME:-default}")
        }
        return nil
    }

    private static func isName(_ name: ArraySlice<UInt8>) -> Bool {
        guard let first = name.first, !ASCII.isDigit(first) else { return false }
        return name.allSatisfy { byte in
            let lower = ASCII.lowercased(byte)
            return ASCII.isDigit(byte) || byte == UInt8(ascii: "_")
                || (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z"))
        }
    }
}
