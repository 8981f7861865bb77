import Glibc

/// Numeric addresses, without name lookups: inet_pton(3) and inet_ntop(3).
public enum LiteralAddress {
    /// Parses an address such as `127.0.0.1`. Returns its bytes, the first one most significant;
    /// nil if invalid.
    public static func ipv4(_ text: String) -> UInt32? {
        var address = in_addr()
        guard unsafe inet_pton(AF_INET, text, &address) == 1 else { return nil }
        return UInt32(bigEndian: address.s_addr)
    }

    /// Parses an address such as `::1`. Returns its bytes in two halves, the first one most
    /// significant; nil if invalid.
    public static func ipv6(_ text: String) -> (high: UInt64, low: UInt64)? {
        var halves: (UInt64, UInt64) = (0, 0)
        guard unsafe inet_pton(AF_INET6, text, &halves) == 1 else { return nil }
        return (UInt64(bigEndian: halves.0), UInt64(bigEndian: halves.1))
    }

    /// Formats an address such as `127.0.0.1`.
    public static func text(ipv4 address: UInt32) -> String {
        let bytes = [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: address >> $0)) }
        return bytes.joined(separator: ".")
    }

    /// Formats an address such as `::1`, shortened as RFC 5952 recommends.
    public static func text(ipv6 high: UInt64, _ low: UInt64) -> String {
        var halves = (high.bigEndian, low.bigEndian)
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let count = socklen_t(buffer.count)
        guard let text = unsafe inet_ntop(AF_INET6, &halves, &buffer, count) else { return "?" }
        return unsafe String(cString: text)
    }
}
