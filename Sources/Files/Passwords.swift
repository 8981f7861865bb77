import CCrypt
import HTTP

/// Password hashes: `{PLAIN}`, `{SHA}`, `{SSHA}`, `$apr1$`, and all that crypt(3) supports.
public enum PasswordHash {
    /// The maximum length of a hash in bytes; a longer one matches no password.
    public static let maxHashLength = 2048
    /// The maximum length of a password in bytes; a longer one never matches. crypt(3) accepts 511.
    public static let maxPasswordLength = 4096

    /// The result of a check.
    public enum Verdict: Equatable, Sendable {
        /// The password is right.
        case match
        /// The password is wrong.
        case mismatch
    }

    /// Returns true if a check takes so long (a tenth of a millisecond up to seconds) that an event
    /// loop must not do it.
    public static func isSlow(_ hash: Span<UInt8>) -> Bool {
        !(hash.starts("{PLAIN}") || hash.starts("{SHA}") || hash.starts("{SSHA}"))
    }

    /// Checks `password` against `hash`. As in nginx, both end at their first NUL. An unknown kind
    /// of hash matches no password.
    public static func check(_ password: Span<UInt8>, against hash: Span<UInt8>) -> Verdict {
        let hash = hash.slice(from: 0, to: hash.firstIndex(of: 0) ?? hash.count)
        let password = password.slice(from: 0, to: password.firstIndex(of: 0) ?? password.count)
        guard hash.count <= maxHashLength, password.count <= maxPasswordLength,
            let made = make(password, setting: hash)
        else { return .mismatch }
        return equalsInConstantTime(made.span, hash) ? .match : .mismatch
    }

    /// Returns the hash of a password with the method and the salt of `setting`; nil if crypt(3)
    /// does not support it.
    private static func make(_ password: Span<UInt8>, setting: Span<UInt8>) -> [UInt8]? {
        if setting.starts("$apr1$") { return APR1.hash(password, setting: setting) }
        if setting.starts("{PLAIN}") {
            var text = Array("{PLAIN}".utf8)
            text.append(password)
            return text
        }
        if setting.starts("{SHA}") {
            return Array("{SHA}".utf8) + Base64.encode(sha1(password, salt: []).span)
        }
        if setting.starts("{SSHA}") {
            // Base 64 of the digest of password and salt, followed by the salt.
            let encoded = setting.slice(from: 6, to: setting.count)
            guard let salted = Base64.decode(encoded), salted.count >= 20 else { return nil }
            let salt = Array(salted[20...])
            return Array("{SSHA}".utf8)
                + Base64.encode((sha1(password, salt: salt) + salt).span)
        }
        return crypt(password, setting: setting)
    }

    private static func sha1(_ password: Span<UInt8>, salt: [UInt8]) -> [UInt8] {
        var digest = SHA1()
        digest.update(password)
        digest.update(salt.span)
        return digest.finish()
    }

    /// Calls crypt(3)'s crypt_rn, which returns NULL on failure, with memory of its own.
    private static func crypt(_ password: Span<UInt8>, setting: Span<UInt8>) -> [UInt8]? {
        var phrase: [UInt8] = []
        phrase.append(password)
        phrase.append(0)
        var salt: [UInt8] = []
        salt.append(setting)
        salt.append(0)
        var memory = [UInt8](repeating: 0, count: workingMemory)
        return unsafe phrase.withUnsafeBytes { phrase in
            unsafe salt.withUnsafeBytes { salt in
                unsafe memory.withUnsafeMutableBytes { memory -> [UInt8]? in
                    guard
                        let phrase = unsafe phrase.baseAddress?.assumingMemoryBound(to: CChar.self),
                        let salt = unsafe salt.baseAddress?.assumingMemoryBound(to: CChar.self),
                        let made = unsafe crypt_rn(
                            phrase, salt, memory.baseAddress, Int32(workingMemory))
                    else { return nil }
                    return unsafe Array(String(cString: made).utf8)
                }
            }
        }
    }

    /// sizeof (struct crypt_data), which the importer cannot represent: crypt.h promises this
    /// number.
    private static let workingMemory = 32768

    /// Compares bytes in a time that does not depend on where they differ.
    static func equalsInConstantTime(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}

extension Span where Element == UInt8 {
    /// True if the span begins with `text`.
    fileprivate func starts(_ text: StaticString) -> Bool {
        slice(from: 0, to: text.utf8CodeUnitCount).equals(text)
    }
}

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

/// A file of users and password hashes, in the format of auth_basic_user_file.
///
/// A line is `name:hash`, optionally followed by a colon and a comment. Empty lines and lines that
/// begin with `#` are ignored. The first line of a name counts.
public enum PasswordFile {
    /// Returns the range of the hash of `user` in `text`; nil if no line has the user.
    public static func hash(of user: Span<UInt8>, in text: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < text.count {
            let end = text.firstIndex(of: UInt8(ascii: "\n"), from: start) ?? text.count
            if let hash = hash(of: user, in: text, from: start, to: end) { return hash }
            start = end &+ 1
        }
        return nil
    }

    private static func hash(
        of user: Span<UInt8>, in text: Span<UInt8>, from start: Int, to end: Int
    ) -> Range<Int>? {
        let colon = start &+ user.count
        guard user.count > 0, colon < end, text[start] != UInt8(ascii: "#"),
            text[start] != UInt8(ascii: "\r"), text[colon] == UInt8(ascii: ":"),
            text.slice(from: start, to: colon).equals(user)
        else { return nil }
        var hashEnd = colon &+ 1
        while hashEnd < end, text[hashEnd] != UInt8(ascii: ":"), text[hashEnd] != 0x0D {
            hashEnd &+= 1
        }
        return (colon &+ 1)..<hashEnd
    }
}
