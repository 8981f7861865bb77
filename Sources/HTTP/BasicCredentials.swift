/// A user and a password from an Authorization field (RFC 7617).
public struct BasicCredentials: Equatable, Sendable {
    /// What stands before the first colon; never empty.
    public let user: [UInt8]
    /// What follows it.
    public let password: [UInt8]

    /// Reads a field's value: the scheme in any case, spaces, base 64 of `user:password`. nil when
    /// it is of another scheme, is not base 64, has no colon, or no user before it: nginx then goes
    /// on as if there were no field.
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
