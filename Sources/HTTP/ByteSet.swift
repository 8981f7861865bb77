/// A set of ASCII bytes: one test instead of a chain of comparisons.
struct ByteSet: BitwiseCopyable {
    private let low: UInt64
    private let high: UInt64

    /// Creates a set from one bit for each byte below 64, and for each from there to 127.
    @inline(__always)
    init(_ low: UInt64, _ high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Returns true if the byte is in the set; never for bytes that are not ASCII.
    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let bits = byte & 64 == 0 ? low : high
        return byte < 128 && bits &>> UInt64(truncatingIfNeeded: byte) & 1 != 0
    }

    // Written as bits: the compiler would otherwise compute them for every byte.

    /// Letters, digits and -._~%!$&'()*+,;= : the bytes of a registered name (RFC 3986, section
    /// 3.2.2).
    static var registeredName: ByteSet {
        ByteSet(0x2BFF_7FF2_0000_0000, 0x47FF_FFFE_87FF_FFFE)
    }

    /// Letters, digits and -._~ (RFC 3986, section 2.3).
    static var unreserved: ByteSet {
        ByteSet(0x03FF_6000_0000_0000, 0x47FF_FFFE_87FF_FFFE)
    }

    /// Unreserved bytes and !$'()*,/:=@[] : the bytes that nginx's NGX_ESCAPE_ARGS does not escape.
    static var arguments: ByteSet {
        ByteSet(0x27FF_F792_0000_0000, 0x47FF_FFFE_AFFF_FFFF)
    }

    /// Unreserved bytes and !$&'()*+,/:;=@[] : the bytes that nginx's NGX_ESCAPE_URI does not
    /// escape.
    static var uri: ByteSet {
        ByteSet(0x2FFF_FFD2_0000_0000, 0x47FF_FFFE_AFFF_FFFF)
    }
}
