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
