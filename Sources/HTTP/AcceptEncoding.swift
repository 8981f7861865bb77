/// The content codings that a client accepts (RFC 9110, section 12.5.3).
public enum AcceptEncoding {
    /// Returns true if nginx would compress with gzip for this value
    /// (ngx_http_gzip_accept_encoding). Only the first `gzip` at the start, or after a comma or
    /// space, counts; `*` does not.
    public static func acceptsGzip(_ value: Span<UInt8>) -> Bool {
        // The value that nearly all browsers send.
        if value.count >= 5, value.slice(from: 0, to: 5).equals("gzip,") { return true }
        guard var position = endOfGzip(value) else { return false }
        var hasParameter = false
        while position < value.count, !hasParameter {
            switch value[position] {
            case 0x2C: return true
            case 0x3B: hasParameter = true
            case 0x20: break
            default: return false
            }
            position &+= 1
        }
        while position < value.count {
            let byte = value[position]
            position &+= 1
            if byte | 0x20 == 0x71 {
                guard position &+ 2 <= value.count, value[position] == 0x3D else { return false }
                return quantity(value, from: position &+ 1) > 0
            }
            guard byte == 0x20 else { return false }
        }
        return true
    }

    /// Returns the index after the first `gzip` that begins a token.
    private static func endOfGzip(_ value: Span<UInt8>) -> Int? {
        var start = 0
        while start &+ 4 <= value.count {
            guard value.slice(from: start, to: value.count).startsIgnoringCase("gzip") else {
                start &+= 1
                continue
            }
            if start == 0 || value[start &- 1] == 0x2C || value[start &- 1] == 0x20 {
                return start &+ 4
            }
            start &+= 4
        }
        return nil
    }

    /// Returns more than 0 for a weight that is not zero (nginx's ngx_http_gzip_quantity). The
    /// digits after the point are added up; a weight above 1, or of more than three digits, is 0.
    private static func quantity(_ value: Span<UInt8>, from first: Int) -> Int {
        guard value[first] == 0x30 || value[first] == 0x31 else { return 0 }
        var quantity = Int(value[first] &- 0x30) &* 100
        var position = first &+ 1
        guard position < value.count, value[position] != 0x2C, value[position] != 0x20 else {
            return quantity
        }
        guard value[position] == 0x2E else { return 0 }
        position &+= 1
        var digits = 0
        while position < value.count, value[position] != 0x2C, value[position] != 0x20 {
            guard let digit = value[position].decimalDigit else { return 0 }
            quantity = min(quantity &+ Int(digit), 1000)
            digits &+= 1
            position &+= 1
        }
        return quantity > 100 || digits > 3 ? 0 : quantity
    }

    /// Returns the weight of a coding, named in lower case, in thousandths: 0 if the value refuses
    /// it or does not name it. `*` matches codings that are not named (RFC 9110, sections 12.4.2
    /// and 12.5.3). An invalid weight is 0.
    public static func quality(of coding: StaticString, in value: Span<UInt8>) -> Int {
        weight(of: coding, in: value) ?? weight(of: "*", in: value) ?? 0
    }

    /// Returns true if the value accepts gzip, under this name or its old one (RFC 9110, section
    /// 8.4.1.3), and does not prefer an uncompressed response.
    public static func acceptsGzipOrAlias(_ value: Span<UInt8>) -> Bool {
        let weight = max(
            quality(of: "gzip", in: value), weight(of: "x-gzip", in: value) ?? 0)
        return weight > 0 && weight >= identityWeight(in: value)
    }

    /// Returns the weight of an uncompressed response, in thousandths; 0 if the value does not
    /// mention it: then it is acceptable, but less so than any coding that is named.
    public static func identityWeight(in value: Span<UInt8>) -> Int {
        quality(of: "identity", in: value)
    }

    /// Returns true if the value refuses an uncompressed response: `identity;q=0`, or `*;q=0`
    /// without a member for identity.
    public static func refusesUncompressed(_ value: Span<UInt8>) -> Bool {
        if let own = weight(of: "identity", in: value) { return own == 0 }
        return weight(of: "*", in: value) == 0
    }

    /// Returns the weight of the member with exactly this name; nil if there is none.
    private static func weight(of coding: StaticString, in value: Span<UInt8>) -> Int? {
        var start = 0
        while start < value.count {
            let comma = value.firstIndex(of: 0x2C, from: start) ?? value.count
            let member = value.slice(from: start, to: comma)
            let semicolon = member.firstIndex(of: 0x3B) ?? member.count
            if member.slice(from: 0, to: semicolon).trimmed().equalsIgnoringCase(coding) {
                return weight(member.slice(from: semicolon &+ 1, to: member.count))
            }
            start = comma &+ 1
        }
        return nil
    }

    /// Returns the weight among a member's parameters, in thousandths; 1000 if there is none.
    private static func weight(_ parameters: Span<UInt8>) -> Int {
        let text = parameters.trimmed()
        guard text.count > 0 else { return 1000 }
        guard text.count >= 3, text.count <= 7, text.startsIgnoringCase("q=") else { return 0 }
        guard let whole = text[2].decimalDigit, whole <= 1 else { return 0 }
        guard text.count == 3 || text[3] == 0x2E else { return 0 }
        var weight = Int(whole) &* 1000
        var place = 100
        for index in min(4, text.count)..<text.count {
            guard let digit = text[index].decimalDigit else { return 0 }
            weight &+= Int(digit) &* place
            place /= 10
        }
        return weight <= 1000 ? weight : 0
    }
}

/// A content coding, as named in Content-Encoding (RFC 9110, section 8.4.1).
public enum ContentCoding: UInt8, BitwiseCopyable, Sendable {
    case identity, gzip, brotli, zstandard

    /// The name in headers: `gzip`, `br` (RFC 7932), `zstd` (RFC 8878).
    public var name: StaticString {
        switch self {
        case .identity: "identity"
        case .gzip: "gzip"
        case .brotli: "br"
        case .zstandard: "zstd"
        }
    }

    /// The suffix of a precompressed file, after the name of the file itself.
    public var suffix: StaticString {
        switch self {
        case .identity: ""
        case .gzip: ".gz"
        case .brotli: ".br"
        case .zstandard: ".zst"
        }
    }
}
