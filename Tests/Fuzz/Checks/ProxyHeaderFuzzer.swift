import HTTP

@testable import Server

/// PROXY protocol headers: the result does not depend on how the bytes are split, and a header ends
/// where the protocol says.
enum ProxyHeaderFuzzer {
    static func fuzz(_ bytes: Span<UInt8>) throws {
        let whole = ProxyHeader.parse(bytes)
        var first = bytes.count
        for count in 0...bytes.count {
            let outcome = ProxyHeader.parse(bytes.slice(from: 0, to: count))
            if outcome == .needsMore { continue }
            first = count
            try require(outcome == whole, "\(outcome) of \(count) bytes, of all \(whole)")
            break
        }
        try check(whole, decidedAt: first, bytes.array)
    }

    /// Reads the values that follow the addresses; whether they are valid or not, nothing outside
    /// of the header is read.
    private static func readValues(_ header: [UInt8]) {
        let extent = ProxyHeader.values(of: header.span)
        let values = Array(header[extent])
        for name in ["alpn", "netns", "0xff", "ssl_cn", "ssl_verify"].map({ Array($0.utf8) }) {
            var text = InlineText<4096>()
            text.write {
                _ = try? ProxyProtocolTLV.write(name.span, of: values.span, into: &$0)
            }
        }
    }

    private static func check(
        _ outcome: ProxyHeader.Outcome, decidedAt count: Int, _ bytes: [UInt8]
    ) throws {
        switch outcome {
        case .needsMore:
            try require(bytes.count < ProxyHeader.maxBinaryLength, "more is needed than may come")
        case .complete(let addresses, let byteCount):
            try require(byteCount == count, "\(byteCount) bytes, known after \(count)")
            if bytes[0] == 0x50 {
                try require(byteCount <= ProxyHeader.maxLineLength, "a line of \(byteCount)")
                try require(
                    bytes[..<byteCount].suffix(2) == [13, 10], "a line that ends otherwise")
                try require(
                    (addresses == nil) == Array(bytes[..<byteCount]).contains("PROXY UNKNOWN"),
                    "whose addresses?")
            } else {
                let length = Int(bytes[14]) << 8 | Int(bytes[15])
                try require(byteCount == 16 + length, "\(byteCount) of 16 + \(length)")
                if addresses != nil { readValues(Array(bytes[..<byteCount])) }
            }
        case .invalid:
            try require(count <= max(ProxyHeader.maxLineLength, 16 + 36 + 4096), "decided too late")
        }
    }
}
