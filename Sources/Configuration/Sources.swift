/// All files of a configuration in the order in which they were first loaded (the output of `-T`).
public struct Sources: Hashable, Sendable {
    /// The files. ``Place/source`` is an index into them.
    public private(set) var files: [SourceText] = []

    /// Creates an empty list.
    public init() {}

    /// Adds a file. Returns its index.
    public mutating func add(_ file: SourceText) -> Int {
        files.append(file)
        return files.count - 1
    }

    /// Returns the file, line and column of a place; nil if there is no such file.
    public func position(of place: Place) -> Position? {
        guard files.indices.contains(place.source) else { return nil }
        let file = files[place.source]
        let line = file.line(at: place.offset)
        let start = file.lineStarts[line]
        let end = min(max(place.offset, start), file.bytes.count)
        let column = start < end ? countCharacters(file.bytes[start..<end]) : 0
        return Position(name: file.name, line: line + 1, column: column + 1)
    }
}

/// Returns the number of Unicode scalars in UTF-8: the bytes that do not continue one.
func countCharacters(_ bytes: ArraySlice<UInt8>) -> Int {
    var count = 0
    for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
    return count
}
