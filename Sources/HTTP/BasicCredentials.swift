/// A user and a password from an Authorization header (RFC 7617).
public struct BasicCredentials: Equatable, Sendable {
    /// The bytes before the first colon; never empty.
    public let user: [UInt8]
    /// The bytes after the first colon.
    public let password: [UInt8]

    /// Parses the value of the header: the scheme in any case, spaces, base 64 of `user:password`.
    /// Returns nil for another scheme, invalid base 64, a missing colon, or an empty user: nginx
    /// then proceeds as if the header were missing.
    public init?(authorization value: Span<UInt8>) {
        guard value.startsIgnoringCase("basic ") else { return nil }
        var start = 6
        while start < value.count, value[start] == UInt8(ascii: " ") { start &+= 1 }
        guard let bytes = Base64.decode(value.slice(from: start, to: value.count)),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0
        else { return nil }
        user = Array(bytes[..<colon])
        password = Array(bytes[(colon &+ 1)...])
    }
}
