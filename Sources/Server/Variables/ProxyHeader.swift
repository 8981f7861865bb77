import HTTP

/// The PROXY protocol of HAProxy (proxy-protocol.txt), with which a proxy describes a connection
/// before its first request: version 1 in text and version 2 in binary.
enum ProxyHeader {
    /// Both ends of the connection that the proxy accepted.
    struct Addresses: BitwiseCopyable, Equatable {
        var source = Peer()
        var destination = Peer()
    }

    /// The result of parsing the first bytes of a connection.
    enum Outcome: Equatable {
        /// The bytes are the beginning of a header.
        case needsMore
        /// A complete header of `byteCount` bytes. Without addresses (UNKNOWN, LOCAL, other
        /// protocols) those of the socket apply.
        case complete(Addresses?, byteCount: Int)
        case invalid(Fault)
    }

    /// The syntax error, in nginx's words.
    enum Fault: Equatable {
        case broken
        case unknownVersion(UInt8)
        case tooLarge
    }

    /// The maximum length of a line of version 1, with its CRLF.
    static let maxLineLength = 107
    /// The maximum size of a header of version 2, which is that of nginx's largest buffer for it.
    static let maxBinaryLength = 4096

    private static let signatureCount = 12
    private static let binaryCount = 16

    /// Parses all bytes that were received so far.
    static func parse(_ bytes: Span<UInt8>) -> Outcome {
        guard bytes.count > 0 else { return .needsMore }
        return bytes[0] == UInt8(ascii: "\r") ? parseBinary(bytes) : parseLine(bytes)
    }

    // MARK: version 1

    private static func parseLine(_ bytes: Span<UInt8>) -> Outcome {
        let keyword: StaticString = "PROXY "
        let shown = min(bytes.count, keyword.utf8CodeUnitCount)
        guard bytes.slice(from: 0, to: shown).isBeginning(of: keyword) else {
            return .invalid(.broken)
        }
        guard
            let end = bytes.slice(from: 0, to: maxLineLength).firstIndex(of: UInt8(ascii: "\n"))
        else { return bytes.count < maxLineLength ? .needsMore : .invalid(.broken) }
        guard end > 0, bytes[end &- 1] == UInt8(ascii: "\r") else { return .invalid(.broken) }
        let line = bytes.slice(from: keyword.utf8CodeUnitCount, to: end &- 1)
        if line.count >= 7, line.slice(from: 0, to: 7).equals("UNKNOWN") {
            return .complete(nil, byteCount: end &+ 1)
        }
        guard let addresses = addresses(inLine: line) else { return .invalid(.broken) }
        return .complete(addresses, byteCount: end &+ 1)
    }

    /// Parses `TCP4 source destination port port`. The named address family is ignored.
    private static func addresses(inLine line: Span<UInt8>) -> Addresses? {
        let family = line.slice(from: 0, to: 5)
        guard family.equals("TCP4 ") || family.equals("TCP6 ") else { return nil }
        var position = 5
        guard let source = AddressText.address(word(line, &position)),
            let destination = AddressText.address(word(line, &position)),
            let sourcePort = AddressText.port(word(line, &position)),
            let destinationPort = AddressText.port(line.slice(from: position, to: line.count))
        else { return nil }
        return Addresses(
            source: source.with(port: sourcePort),
            destination: destination.with(port: destinationPort))
    }

    /// Returns the text before the next space and moves the position after that space.
    @_lifetime(copy line)
    private static func word(_ line: Span<UInt8>, _ position: inout Int) -> Span<UInt8> {
        let start = position
        let end = line.firstIndex(of: UInt8(ascii: " "), from: start) ?? line.count
        position = min(end &+ 1, line.count)
        return line.slice(from: start, to: end)
    }

    // MARK: version 2

    private static func parseBinary(_ bytes: Span<UInt8>) -> Outcome {
        let signature: StaticString = "\r\n\r\n\0\r\nQUIT\n"
        let shown = min(bytes.count, signatureCount)
        guard bytes.slice(from: 0, to: shown).isBeginning(of: signature) else {
            return .invalid(.broken)
        }
        guard bytes.count > signatureCount else { return .needsMore }
        let version = bytes[signatureCount] >> 4
        guard version == 2 else { return .invalid(.unknownVersion(version)) }
        guard bytes.count >= binaryCount else { return .needsMore }
        let count = binaryCount &+ Int(number(bytes, 14))
        guard count <= maxBinaryLength else { return .invalid(.tooLarge) }
        guard bytes.count >= count else { return .needsMore }
        let isProxied = bytes[signatureCount] & 15 == 1
        let isStream = bytes[13] & 15 == 1
        guard isProxied, isStream else { return .complete(nil, byteCount: count) }
        switch bytes[13] >> 4 {
        case 1:
            guard count >= binaryCount &+ 12 else { return .invalid(.broken) }
            return .complete(
                Addresses(
                    source: Peer(
                        ipv4: UInt32(truncatingIfNeeded: word64(bytes, 16) >> 32),
                        port: number(bytes, 24)),
                    destination: Peer(
                        ipv4: UInt32(truncatingIfNeeded: word64(bytes, 16)),
                        port: number(bytes, 26))),
                byteCount: count)
        case 2:
            guard count >= binaryCount &+ 36 else { return .invalid(.broken) }
            return .complete(
                Addresses(
                    source: Peer(
                        ipv6: word64(bytes, 16), word64(bytes, 24), port: number(bytes, 48)),
                    destination: Peer(
                        ipv6: word64(bytes, 32), word64(bytes, 40), port: number(bytes, 50))),
                byteCount: count)
        default: return .complete(nil, byteCount: count)
        }
    }

    /// Returns where the values (TLVs) of a complete header are that has addresses; an empty range
    /// for version 1.
    static func values(of header: Span<UInt8>) -> Range<Int> {
        guard header.count >= binaryCount, header[0] == UInt8(ascii: "\r") else { return 0..<0 }
        let start = binaryCount &+ (header[13] >> 4 == 1 ? 12 : 36)
        return start < header.count ? start..<header.count : 0..<0
    }

    private static func number(_ bytes: Span<UInt8>, _ index: Int) -> UInt16 {
        UInt16(bytes[index]) << 8 | UInt16(bytes[index &+ 1])
    }

    private static func word64(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        var word: UInt64 = 0
        for offset in 0..<8 { word = word << 8 | UInt64(bytes[index &+ offset]) }
        return word
    }
}

extension Span where Element == UInt8 {
    /// True if the bytes are a prefix of `text`.
    fileprivate func isBeginning(of text: StaticString) -> Bool {
        guard count <= text.utf8CodeUnitCount else { return false }
        for index in 0..<count where unsafe self[index] != text.utf8Start[index] { return false }
        return true
    }
}
