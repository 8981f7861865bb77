/// One loaded file of the configuration: its name, its bytes, and the offsets of its lines.
public struct SourceText: Hashable, Sendable {
    /// The name of the file in messages, usually its absolute path.
    public let name: String
    /// The file's content, as loaded.
    public let bytes: [UInt8]
    /// The offset of each line's first byte; never empty. A byte order mark is before the first.
    let lineStarts: [Int]

    /// Creates a text from a file that was read.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        var starts = [SourceText.hasByteOrderMark(bytes) ? 3 : 0]
        for index in bytes.indices where bytes[index] == ASCII.lineFeed {
            starts.append(index + 1)
        }
        lineStarts = starts
    }

    /// The offset where the text begins: after the byte order mark, if there is one.
    var start: Int { lineStarts[0] }

    /// Returns the number of the line, from 0, that holds a byte; an offset past the end is on the
    /// last line.
    public func line(at offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    /// Returns the bytes of a line (from 0), without its line end.
    public func bytes(ofLine line: Int) -> ArraySlice<UInt8> {
        let isLast = line + 1 >= lineStarts.count
        var end = isLast ? bytes.count : lineStarts[line + 1] - 1
        let start = min(lineStarts[line], end)
        if end > start, bytes[end - 1] == ASCII.carriageReturn { end -= 1 }
        return bytes[start..<end]
    }

    private static func hasByteOrderMark(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
    }
}
