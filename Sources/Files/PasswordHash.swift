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
