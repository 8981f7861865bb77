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
