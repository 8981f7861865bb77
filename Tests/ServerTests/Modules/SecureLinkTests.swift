import Files
import Testing

@testable import Server

@Suite struct SecureLinkTests {
    private static let hash = Array("0123456789abcdef".utf8)
    private static let text = "MDEyMzQ1Njc4OWFiY2RlZg"

    @Test(arguments: [
        (text, 0, 22), (text + "==", 0, 24), (text + ",1", 1, 22),
        (text + "==,9223372036854775807", Int64.max, 24),
    ])
    func linksAreValidated(text: String, expires: Int64, end: Int) throws {
        let link = try #require(SecureLink(Array(text.utf8)))
        #expect(link.hash == Self.hash)
        #expect(link.expires == expires)
        #expect(link.hashEnd == end)
    }

    @Test(arguments: [
        ",", text + ",", text + ",0", text + ",-1", text + ",x", text + ", 1", ",0",
        text + ",9223372036854775808",
    ])
    func invalidTimesAreRefused(text: String) {
        #expect(SecureLink(Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        "", "x", text + "===", "MDEyMzQ1Njc4OWFiY2Rl", text + "Zg", "MDEyMzQ1Njc4OWFiY2Rl+g", ",1",
        "x,1",
    ])
    func invalidHashesAreRefused(text: String) throws {
        let link = try #require(SecureLink(Array(text.utf8)))
        #expect(link.hash == nil)
        #expect(link.expires == (text.hasSuffix(",1") ? 1 : 0))
    }

    @Test(arguments: [
        ("/p/{md5}/link", "link"), ("/p/{MD5}/link", "link"), ("/p/{md5}/lin", nil),
        ("/p/{md5}/", nil), ("/p/{md5}", nil), ("/{md5}/link", nil), ("/p/q/{md5}/link", nil),
        ("//{md5}/link", "link"), ("/p/0{md5}/link", nil), ("/p/{md5}/link?", nil), ("", nil),
        ("/", nil), ("/p/gggggggggggggggggggggggggggggggg/link", nil),
    ])
    func secretsAreValidated(target: String, link: String?) {
        let md5 = SecureLinkTests.hexadecimal(of: "linksecret")
        let bytes = Array(
            target.replacing("{md5}", with: md5).replacing("{MD5}", with: md5.uppercased()).utf8)
        let secret = Array("secret".utf8)
        let start = SecureLink.link(of: bytes.span, secret: secret.span)
        #expect(start.map { String(decoding: bytes[$0...], as: UTF8.self) } == link)
    }

    private static func hexadecimal(of text: String) -> String {
        let bytes = Array(text.utf8)
        return MD5.digest(of: bytes.span).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            .joined()
    }
}
