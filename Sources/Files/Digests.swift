import CMD

/// MD5 (RFC 1321), from libmd: what `$apr1$` and secure_link are made of.
public struct MD5 {
    private var state = MD5_CTX()

    /// Of nothing yet.
    public init() { unsafe MD5Init(&state) }

    /// Takes in more bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer {
            unsafe MD5Update(&state, $0.baseAddress, $0.count)
        }
    }

    /// The 16 bytes of all that was taken in; the value is used up.
    public mutating func finish() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(MD5_DIGEST_LENGTH)) { digest, count in
            unsafe MD5Final(digest.baseAddress, &state)
            count = Int(MD5_DIGEST_LENGTH)
        }
    }

    /// The 16 bytes of `bytes`.
    public static func digest(of bytes: Span<UInt8>) -> [UInt8] {
        var digest = MD5()
        digest.update(bytes)
        return digest.finish()
    }
}

/// SHA-1 (RFC 3174), from libmd: what `{SHA}` and `{SSHA}` are made of.
public struct SHA1 {
    private var state = SHA1_CTX()

    /// Of nothing yet.
    public init() { unsafe SHA1Init(&state) }

    /// Takes in more bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer {
            unsafe SHA1Update(&state, $0.baseAddress, $0.count)
        }
    }

    /// The 20 bytes of all that was taken in; the value is used up.
    public mutating func finish() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(SHA1_DIGEST_LENGTH)) { digest, count in
            unsafe SHA1Final(digest.baseAddress, &state)
            count = Int(SHA1_DIGEST_LENGTH)
        }
    }
}

/// SHA-256 (RFC 6234), from libmd: what bodies that are compressed once are told apart by.
public struct SHA256 {
    private var state = SHA2_CTX()

    /// Of nothing yet.
    public init() { unsafe SHA256Init(&state) }

    /// Takes in more bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer {
            unsafe SHA256Update(&state, $0.baseAddress, $0.count)
        }
    }

    /// The 32 bytes of all that was taken in; the value is used up.
    public mutating func finish() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
            unsafe SHA256Final(digest.baseAddress, &state)
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }
}
