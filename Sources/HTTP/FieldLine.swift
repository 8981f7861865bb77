/// A field line split into name, colon and value (RFC 9112, section 5). A line without a colon is a
/// name without a value, as in nginx.
struct FieldLine: BitwiseCopyable {
    let name: ByteExtent
    let value: ByteExtent
    /// True if the name is known to have only letters, digits and dashes, as nearly all do.
    let hasPlainName: Bool

    /// The verdict on a name.
    enum NameValidity {
        case valid
        /// The name has a byte that is not allowed in field names: ignore_invalid_headers decides.
        case invalid
        /// The name is empty, or has white space or a control character: the request is refused.
        case malformed
    }

    /// Splits the line from `start` to `end`, which is before its line end.
    @inline(__always)
    init(in received: Span<UInt8>, from start: Int, to end: Int) {
        var colon = received.firstNotPlain(from: start, to: end)
        hasPlainName = colon > start && (colon == end || received[colon] == 0x3A)
        if !hasPlainName { colon = received.firstIndex(of: 0x3A, from: colon, to: end) }
        name = ByteExtent(from: start, to: colon)
        var first = colon &+ 1
        var last = end
        while first < last, received[first].isOptionalWhitespace { first &+= 1 }
        while last > first, received[last &- 1].isOptionalWhitespace { last &-= 1 }
        value = first < last ? ByteExtent(from: first, to: last) : ByteExtent(from: end, to: end)
    }

    /// Returns true if the line has a colon, a token before it (RFC 9110, section 5.6.2), and no
    /// control characters but tabs after it (section 5.5).
    @inline(__always)
    func isStrict(in received: Span<UInt8>, to end: Int) -> Bool {
        guard name.end < end, hasPlainName || received.slice(name).isToken else { return false }
        var index = name.end &+ 1
        while true {
            index = received.firstControlOrDelete(from: index, to: end)
            guard index < end else { return true }
            guard received[index] == 0x09 else { return false }
            index &+= 1
        }
    }

    /// Checks each byte of the name, as nginx's ngx_http_parse_header_line does.
    func validateName(in received: Span<UInt8>, allowsUnderscores: Bool) -> NameValidity {
        if hasPlainName { return .valid }
        guard !name.isEmpty else { return .malformed }
        var verdict = NameValidity.valid
        for index in Int(name.offset)..<name.end {
            let byte = received[index]
            if byte.isASCIILetter || byte.decimalDigit != nil || byte == 0x2D { continue }
            if byte <= 0x20 || byte == 0x7F { return .malformed }
            if byte != 0x5F || !allowsUnderscores { verdict = .invalid }
        }
        return verdict
    }
}
