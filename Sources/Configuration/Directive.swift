/// One directive of the tree: a name, arguments, and what its braces hold.
///
/// In a raw block (`types`, `map`, `geo` …) a row looks the same: the name is the pattern.
public struct Directive: Hashable, Sendable {
    /// The first word.
    public let name: Word
    /// The words after it.
    public let arguments: [Word]
    /// What stands between the braces, includes expanded; nil when `;` ended the directive.
    public let block: [Directive]?
    /// Where `{` stands; nil when there is none.
    public let openBrace: Place?
    /// Where `}` stands; nil when there is none.
    public let closeBrace: Place?

    /// A directive with its parts.
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

    /// Where the directive starts.
    public var place: Place { name.place }
}
