/// Finds the end of a chunked body (RFC 9112, section 7.1), received in pieces of any size.
///
/// Stricter than the RFC requires: lines end in CRLF, so that no intermediary can disagree about
/// the end of the body.
public struct ChunkedDecoder: BitwiseCopyable, Sendable {
    /// The state of a body.
    public enum State: UInt8, BitwiseCopyable, Sendable {
        /// The body is incomplete.
        case more
        /// The body has ended; the next request may follow.
        case finished
        /// The body is invalid: 400, and the connection is closed.
        case invalid
    }

    private enum Place: UInt8, BitwiseCopyable {
        case sizeStart, size, sizeSpace, extensions, sizeLineFeed
        // Positions within an extension, which is only parsed for strict requests.
        case extensionStart, extensionName, extensionNameEnd, extensionValueStart, extensionValue
        case quoted, quotedPair, extensionEnd
        case data, dataReturn, dataLineFeed
        case trailerStart, trailerName, trailer, trailerLineFeed, lastLineFeed
        case finished, invalid
    }

    /// The maximum length of a line with a size and extensions, in bytes.
    static var maxLineLength: Int { 4096 }
    /// The maximum size of the trailer section, in bytes.
    static var maxTrailersLength: Int { 8192 }

    /// The bytes of the body so far, without the chunk framing.
    public private(set) var bodyBytes: Int64 = 0

    private var place = Place.sizeStart
    /// The bytes of the chunk that are still to come.
    private var remaining: Int64 = 0
    /// The length of the current line, or of the trailer section so far.
    private var length = 0

    private let isStrict: Bool

    /// Creates a decoder at the start of a body. With `isStrict`, extensions and trailers must
    /// follow RFC 9112 (sections 7.1.1 and 7.1.2).
    public init(isStrict: Bool = false) { self.isStrict = isStrict }

    /// The current state.
    public var state: State {
        switch place {
        case .finished: return .finished
        case .invalid: return .invalid
        default: return .more
        }
    }

    /// Processes received bytes. `consumed` of them belong to the body: all, unless it has ended or
    /// is invalid.
    public mutating func consume(
        _ bytes: Span<UInt8>
    ) -> (consumed: Int, state: State) {
        var index = 0
        while index < bytes.count, place != .finished, place != .invalid {
            if place == .data {
                let step = min(remaining, Int64(bytes.count &- index))
                remaining &-= step
                let (sum, overflow) = bodyBytes.addingReportingOverflow(step)
                bodyBytes = overflow ? .max : sum
                index &+= Int(step)
                if remaining == 0 { place = .dataReturn }
            } else {
                consumeFraming(bytes[index])
                index &+= 1
            }
        }
        return (index, state)
    }

    /// Processes one byte of the chunk framing.
    private mutating func consumeFraming(_ byte: UInt8) {
        length &+= 1
        switch place {
        case .sizeStart, .size, .sizeSpace, .extensions, .sizeLineFeed:
            parseSizeLine(byte)
            if length > Self.maxLineLength { place = .invalid }
        case .extensionStart, .extensionName, .extensionNameEnd, .extensionValueStart,
            .extensionValue, .quoted, .quotedPair, .extensionEnd:
            parseExtension(byte)
            if length > Self.maxLineLength { place = .invalid }
        case .dataReturn: place = byte == 0x0D ? .dataLineFeed : .invalid
        case .dataLineFeed:
            place = byte == 0x0A ? .sizeStart : .invalid
            length = 0
        case .trailerStart, .trailerName, .trailer, .trailerLineFeed, .lastLineFeed:
            parseTrailers(byte)
            if length > Self.maxTrailersLength { place = .invalid }
        case .data, .finished, .invalid: break
        }
    }

    /// Processes a byte of a size in hexadecimal, or of extensions, which are ignored (RFC 9112,
    /// section 7.1.1).
    private mutating func parseSizeLine(_ byte: UInt8) {
        if place == .sizeStart || place == .size, let digit = byte.hexadecimalDigit {
            // While the size is read, the length of the line is its number of digits.
            guard length <= 16, remaining <= Int64.max >> 4 else {
                place = .invalid
                return
            }
            remaining = remaining << 4 | Int64(digit)
            place = .size
            return
        }
        switch (place, byte) {
        case (.size, 0x0D), (.sizeSpace, 0x0D), (.extensions, 0x0D): place = .sizeLineFeed
        case (.size, 0x20), (.size, 0x09), (.sizeSpace, 0x20), (.sizeSpace, 0x09):
            place = .sizeSpace
        case (.size, 0x3B), (.sizeSpace, 0x3B): place = isStrict ? .extensionStart : .extensions
        case (.extensions, 0x0A), (.extensions, 0): place = .invalid
        case (.extensions, _): break
        case (.sizeLineFeed, 0x0A):
            place = remaining == 0 ? .trailerStart : .data
            length = 0
        default: place = .invalid
        }
    }

    /// Processes a byte of an extension: a token, and optionally `=` and a token or a quoted
    /// string, with white space between them that RFC 9112 calls bad (section 7.1.1).
    private mutating func parseExtension(_ byte: UInt8) {
        let isSpace = byte == 0x20 || byte == 0x09
        let isText = byte >= 0x20 && byte != 0x7F || byte == 0x09
        let isToken = byte.isTokenByte
        switch (place, byte) {
        case (.quoted, 0x22): place = .extensionEnd
        case (.quoted, 0x5C): place = .quotedPair
        case (.quoted, _), (.quotedPair, _): place = isText ? .quoted : .invalid
        case (.extensionStart, _) where isSpace, (.extensionValueStart, _) where isSpace: break
        case (.extensionStart, _): place = isToken ? .extensionName : .invalid
        case (.extensionValueStart, 0x22): place = .quoted
        case (.extensionValueStart, _): place = isToken ? .extensionValue : .invalid
        case (.extensionName, _) where isToken, (.extensionValue, _) where isToken: break
        case (.extensionName, 0x3D), (.extensionNameEnd, 0x3D): place = .extensionValueStart
        case (.extensionName, _) where isSpace: place = .extensionNameEnd
        case (.extensionNameEnd, _) where isSpace: break
        case (_, _) where isSpace: place = .extensionEnd
        case (_, 0x3B): place = .extensionStart
        case (_, 0x0D): place = .sizeLineFeed
        default: place = .invalid
        }
    }

    /// Processes a byte of trailer fields, which are ignored, or of the empty line after them (RFC
    /// 9112, section 7.1.2).
    private mutating func parseTrailers(_ byte: UInt8) {
        switch (place, byte) {
        case (.trailerStart, 0x0D): place = .lastLineFeed
        case (.lastLineFeed, 0x0A): place = .finished
        case (.trailer, 0x0D): place = .trailerLineFeed
        case (.trailerLineFeed, 0x0A): place = .trailerStart
        case (.lastLineFeed, _), (.trailerLineFeed, _), (_, 0x0A), (_, 0): place = .invalid
        case (.trailerName, 0x3A): place = .trailer
        case (.trailerStart, _) where isStrict, (.trailerName, _):
            place = byte.isTokenByte ? .trailerName : .invalid
        case (_, _) where isStrict && (byte < 0x20 && byte != 0x09 || byte == 0x7F):
            place = .invalid
        default: place = .trailer
        }
    }
}
