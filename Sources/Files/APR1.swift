import HTTP

/// Apache's `$apr1$`: the MD5-based crypt of FreeBSD with another prefix, a thousand rounds of MD5.
enum APR1 {
    static let prefix: StaticString = "$apr1$"

    /// Returns `$apr1$salt$hash` for a password. `setting` begins with `$apr1$` and the salt, which
    /// ends at the next `$` and has at most eight bytes.
    static func hash(_ password: Span<UInt8>, setting: Span<UInt8>) -> [UInt8] {
        let start = prefix.utf8CodeUnitCount
        let most = min(start &+ 8, setting.count)
        let end = setting.firstIndex(of: UInt8(ascii: "$"), from: start) ?? most
        let salt = setting.slice(from: start, to: min(end, most))
        var text: [UInt8] = []
        text.append(setting.slice(from: 0, to: start))
        text.append(salt)
        text.append(UInt8(ascii: "$"))
        appendEncoded(rounds(from: first(password, salt), password, salt), to: &text)
        return text
    }

    /// Returns the digest that the rounds start from.
    private static func first(_ password: Span<UInt8>, _ salt: Span<UInt8>) -> [UInt8] {
        var inner = MD5()
        inner.update(password)
        inner.update(salt)
        inner.update(password)
        let digest = inner.finish()
        var outer = MD5()
        outer.update(password)
        outer.update(Array("$apr1$".utf8).span)
        outer.update(salt)
        var left = password.count
        while left > 0 {
            outer.update(digest.span.slice(from: 0, to: left))
            left &-= 16
        }
        // The first implementation used zeros in place of the digest here, and hashes depend on it.
        var bits = password.count
        while bits > 0 {
            if bits & 1 == 1 {
                outer.update([0].span)
            } else {
                outer.update(password.slice(from: 0, to: 1))
            }
            bits >>= 1
        }
        return outer.finish()
    }

    private static func rounds(
        from first: [UInt8], _ password: Span<UInt8>, _ salt: Span<UInt8>
    ) -> [UInt8] {
        var digest = first
        for round in 0..<1000 {
            var next = MD5()
            let isOdd = round & 1 == 1
            if isOdd { next.update(password) } else { next.update(digest.span) }
            if round % 3 != 0 { next.update(salt) }
            if round % 7 != 0 { next.update(password) }
            if isOdd { next.update(digest.span) } else { next.update(password) }
            digest = next.finish()
        }
        return digest
    }

    /// Appends `digest` in crypt(3)'s base 64 and byte order.
    private static func appendEncoded(_ digest: [UInt8], to text: inout [UInt8]) {
        guard digest.count == 16 else { return }
        for index in 0..<5 {
            let last = index == 4 ? 5 : index &+ 12
            append(
                UInt32(digest[index]) << 16 | UInt32(digest[index &+ 6]) << 8
                    | UInt32(digest[last]), characters: 4, to: &text)
        }
        append(UInt32(digest[11]), characters: 2, to: &text)
    }

    private static func append(_ value: UInt32, characters: Int, to text: inout [UInt8]) {
        for index in 0..<characters {
            let bits = UInt8(truncatingIfNeeded: value >> UInt32(6 &* index) & 63)
            switch bits {
            case 0..<12: text.append(bits &+ UInt8(ascii: "."))
            case 12..<38: text.append(bits &- 12 &+ UInt8(ascii: "A"))
            default: text.append(bits &- 38 &+ UInt8(ascii: "a"))
            }
        }
    }
}

extension [UInt8] {
    /// Appends the bytes of a span.
    mutating func append(_ bytes: Span<UInt8>) {
        reserveCapacity(count &+ bytes.count)
        for index in bytes.indices { append(bytes[index]) }
    }
}
