import HTTP

/// A Range header: the ranges lie in the file, and together are not larger than it.
enum RangeFuzzer {
    static func fuzz(_ bytes: Span<UInt8>) throws {
        var random = InputGenerator(bytes)
        let sizes: [Int64] = [
            0, 1, 10, 1000, Int64.random(in: 0...(.max), using: &random), .max,
        ]
        for size in sizes {
            for maximum in [Int.max, 3, 1, 0] {
                try check(bytes, size, maximum)
            }
        }
    }

    private static func check(_ bytes: Span<UInt8>, _ size: Int64, _ maximum: Int) throws {
        let ranges = ByteRanges(bytes, size: size, maximum: maximum)
        let parts: [ByteRange]
        switch ranges {
        case .none: return
        case .unsatisfiable:
            try require(maximum > 0, "416 where no range is allowed")
            return
        case .one(let range): parts = [range]
        case .many(let several):
            try require(several.count > 1, "several ranges, of which there is one")
            parts = several
        }
        try require(parts.count <= maximum, "\(parts.count) of \(maximum) ranges")
        var total: Int64 = 0
        for part in parts {
            try require(
                0 <= part.start && part.start < part.end && part.end <= size,
                "\(part) of \(size) bytes")
            try require(part.count == part.end - part.start, "\(part) has \(part.count)")
            let (sum, overflow) = total.addingReportingOverflow(part.count)
            try require(!overflow && sum <= size, "\(parts) are more than \(size) bytes")
            total = sum
        }
        // Written in the plain form, the ranges are the same.
        let plain = parts.map { "\($0.start)-\($0.end - 1)" }.joined(separator: ",")
        let again = ByteRanges(Array("bytes=\(plain)".utf8).span, size: size, maximum: maximum)
        try require(again == ranges, "\(plain) of \(size) is \(again)")
    }
}
