/// Every file of a configuration in the order in which it was first loaded (what `-T` prints).
public struct Sources: Hashable, Sendable {
    /// The files; ``Place/source`` counts them from 0.
    public private(set) var files: [SourceText] = []

    /// No files yet.
    public init() {}

    /// Adds a file and says which number it got.
    public mutating func add(_ file: SourceText) -> Int {
        files.append(file)
        return files.count - 1
    }

    /// The file, line and column of a place; nil when no such file is here.
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

/// The number of Unicode scalars in UTF-8: every byte that does not continue one.
func countCharacters(_ bytes: ArraySlice<UInt8>) -> Int {
    var count = 0
    for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
    return count
}
