import HTTP

/// `$request_id` and `$gzip_ratio`.
enum RequestIdentity {
    /// Returns sixteen random bytes in hexadecimal, created on first use.
    static func requestID(of request: inout Request, _ services: inout Services) -> [UInt8] {
        let context = services.context(of: &request)
        if let known = context.requestID { return known }
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef".utf8)
        var identity: [UInt8] = []
        for _ in 0..<2 {
            let bits = generator.next()
            for shift in stride(from: 60, through: 0, by: -4) {
                identity.append(digits[Int(bits >> UInt64(shift) & 15)])
            }
        }
        context.requestID = identity
        return identity
    }

    /// Writes the factor by which gzip has reduced the body, with two decimals. Returns false if it
    /// was not compressed completely.
    static func writeGzipRatio(_ request: borrowing Request, into writer: inout ByteWriter) -> Bool
    {
        let producer = request.producer
        guard let sizes = producer?.compressedSizes ?? request.context?.compressedSizes,
            sizes.compressed > 0
        else { return false }
        // Rounded up if the third digit is 5 or more, as in nginx.
        let hundredths = (sizes.plain &* 1000 / sizes.compressed &+ 5) / 10
        writer.append(decimal: hundredths / 100)
        writer.append(byte: UInt8(ascii: "."))
        writer.append(twoDigits: Int(hundredths % 100))
        return true
    }
}
