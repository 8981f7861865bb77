import HTTP
import Testing

@Suite struct BasicCredentialsTests {
    @Test(arguments: [
        // RFC 7617, section 2.
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"),
        ("basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"),
        ("BASIC    QWxhZGRpbjpvcGVuIHNlc2FtZQ", "Aladdin", "open sesame"),
        // "a:" and "a:b:c"
        ("Basic YTo=", "a", ""), ("Basic YTpiOmM=", "a", "b:c"),
    ])
    func credentialsAreParsed(value: String, user: String, password: String) throws {
        let bytes = Array(value.utf8)
        let credentials = BasicCredentials(authorization: bytes.span)
        let found = try #require(credentials)
        #expect(found.user == Array(user.utf8))
        #expect(found.password == Array(password.utf8))
    }

    @Test(arguments: [
        "", "Basic", "Basic ", "Basic    ", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "Basic\tQWxhZGRpbjpvcGVuIHNlc2FtZQ==", "BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        // "a", ":b"
        "Basic YQ==", "Basic OmI=", "Basic YTpi!", "Basic YTpiY",
    ])
    func invalidCredentialsAreRefused(value: String) {
        let bytes = Array(value.utf8)
        let credentials = BasicCredentials(authorization: bytes.span)
        #expect(credentials == nil)
    }
}

@Suite struct Base64Tests {
    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"), ("~~?", "fn4/"), ("~~>", "fn4+"),
    ])
    func encodeAndDecode(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8).span) == Array(encoded.utf8))
        #expect(Base64.decode(Array(encoded.utf8).span) == Array(plain.utf8))
    }

    @Test(arguments: [
        ("Zg", "f"), ("Zm8", "fo"), ("Zg=garbage!", "f"), ("=", ""), ("fn4_", nil), ("Z", nil),
        ("Zm9vY", nil), ("Zm 9v", nil), ("Zm9v\n", nil), ("Zm9\u{0}", nil), ("Zm9ü", nil),
    ])
    func paddingIsOptionalAndGarbageIsRejected(encoded: String, plain: String?) {
        #expect(Base64.decode(Array(encoded.utf8).span) == plain.map { Array($0.utf8) })
    }

    @Test(arguments: [("fn4_", "~~?"), ("fn4-", "~~>"), ("fn4/", nil), ("fn4+", nil), ("Zg", "f")])
    func urlAlphabetIsDecoded(encoded: String, plain: String?) {
        #expect(Base64.decode(Array(encoded.utf8).span, .url) == plain.map { Array($0.utf8) })
    }

    @Test func everyByteRoundTrips() {
        let bytes = (0...255).map { UInt8($0) }
        for count in 0...256 {
            let part = Array(bytes.prefix(count))
            #expect(Base64.decode(Base64.encode(part.span).span) == part)
        }
    }
}
