import HTTP

/// Accept-Encoding: the meaning of a list does not depend on how it is written.
enum AcceptEncodingFuzzer {
    static func fuzz(_ bytes: Span<UInt8>) throws {
        let value = bytes.array
        let names = value.inLowerCase
        if AcceptEncoding.acceptsGzip(bytes) {
            try require(names.contains("gzip"), "gzip for a client that does not accept it")
        }
        for coding in ["gzip", "br", "identity"] as [StaticString] {
            let quality = AcceptEncoding.quality(of: coding, in: bytes)
            try require((0...1000).contains(quality), "\(quality) thousandths")
            if quality > 0 {
                let isNamed = names.contains("\(coding)") || value.contains(0x2A)
                try require(isNamed, "\(coding) for a client that does not accept it")
            }
            try require(quality == model("\(coding)", value), "the model differs for \(coding)")
            let spaced = value.parts(separatedBy: 0x2C).joined(separator: [0x09, 0x2C, 0x20])
            try check(coding, Array(spaced), quality, "white space around members")
            try check(coding, value + [0x2C] + value, quality, "the list twice")
            try check(coding, Array("\(coding);q=0,".utf8) + value, 0, "a refusal before it")
            try check(coding, Array("\(coding);q=0.25,".utf8) + value, 250, "a weight before it")
        }
    }

    private static func check(
        _ coding: StaticString, _ value: [UInt8], _ expected: Int, _ change: String
    ) throws {
        let quality = AcceptEncoding.quality(of: coding, in: value.span)
        try require(quality == expected, "\(change): \(quality), not \(expected)")
    }

    /// Computes the weight by RFC 9110, section 12.4.2, in a simple way.
    private static func model(_ coding: String, _ value: [UInt8]) -> Int {
        let members = value.parts(separatedBy: 0x2C).map { member in
            let end = member.firstIndex(of: 0x3B) ?? member.count
            return (
                name: Array(member[..<end]).withoutSpaces.inLowerCase,
                weight: weight(Array(member[min(end + 1, member.count)...]).withoutSpaces)
            )
        }
        let own = members.first { $0.name == Array(coding.utf8) }
        return (own ?? members.first { $0.name == [0x2A] })?.weight ?? 0
    }

    private static func weight(_ parameter: [UInt8]) -> Int {
        guard !parameter.isEmpty else { return 1000 }
        let text = Array(parameter.inLowerCase)
        guard text.starts(with: Array("q=".utf8)) else { return 0 }
        let digits = Array(text.dropFirst(2))
        guard digits.count == 1 || (2...5).contains(digits.count) && digits[1] == 0x2E,
            digits[0] == 0x30 || digits[0] == 0x31
        else { return 0 }
        let places = digits.dropFirst(2)
        guard places.allSatisfy({ (0x30...0x39).contains($0) }) else { return 0 }
        let padded = [digits[0]] + places + [UInt8](repeating: 0x30, count: 3 - places.count)
        let weight = padded.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return weight <= 1000 ? weight : 0
    }
}
