import CMD

/// MD5 (RFC 1321) from libmd, for `$apr1$` and secure_link.
public struct MD5 {
    private var state = MD5_CTX()

    /// Creates an empty digest.
    public init() { unsafe MD5Init(&state) }

    /// Adds bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer {
            unsafe MD5Update(&state, $0.baseAddress, $0.count)
        }
    }

    /// Returns the 16 bytes of the digest. The value must not be used again.
    public mutating func finish() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(MD5_DIGEST_LENGTH)) { digest, count in
            unsafe MD5Final(digest.baseAddress, &state)
            count = Int(MD5_DIGEST_LENGTH)
        }
    }

    /// Returns the 16 bytes of the digest of `bytes`.
    public static func digest(of bytes: Span<UInt8>) -> [UInt8] {
        var digest = MD5()
        digest.update(bytes)
        return digest.finish()
    }
}

/// SHA-1 (RFC 3174) from libmd, for `{SHA}` and `{SSHA}`.
public struct SHA1 {
    private var state = SHA1_CTX()

    /// Creates an empty digest.
    public init() { unsafe SHA1Init(&state) }

    /// Adds bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer {
            unsafe SHA1Update(&state, $0.baseAddress, $0.count)
        }
    }

    /// Returns the 20 bytes of the digest. The value must not be used again.
    public mutating func finish() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(SHA1_DIGEST_LENGTH)) { digest, count in
            unsafe SHA1Final(digest.baseAddress, &state)
            count = Int(SHA1_DIGEST_LENGTH)
        }
    }
}

/// SHA-256 (RFC 6234) from libmd, the key of compressed bodies.
public struct SHA256 {
    private var state = SHA2_CTX()

    /// Creates an empty digest.
    public init() { unsafe SHA256Init(&state) }

    /// Adds bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer {
            unsafe SHA256Update(&state, $0.baseAddress, $0.count)
        }
    }

    /// Returns the 32 bytes of the digest. The value must not be used again.
    public mutating func finish() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
            unsafe SHA256Final(digest.baseAddress, &state)
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }
}
