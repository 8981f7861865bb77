/// A position in the text of a configuration: a file and a byte offset in it.
///
/// Line and column are computed on demand (``Sources/position(of:)``): most places are never shown.
public struct Place: Hashable, Sendable {
    /// The file's index in ``Sources``.
    public let source: Int
    /// The byte's offset from the start of the file; the file's length is a valid offset (its end).
    public let offset: Int

    /// Creates a place at a byte of a file.
    public init(source: Int, offset: Int) {
        self.source = source
        self.offset = offset
    }

    /// Returns the place `count` bytes further on in the same file.
    func advanced(by count: Int) -> Place {
        Place(source: source, offset: offset &+ count)
    }
}

/// A place as people read it.
public struct Position: Hashable, Sendable {
    /// The name of the file (``SourceText/name``).
    public let name: String
    /// The line, from 1.
    public let line: Int
    /// The column, from 1, counted in characters (Unicode scalars; a tab is one).
    public let column: Int
}
