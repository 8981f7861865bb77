import HTTP
import Testing

@Suite struct AcceptEncodingTests {
    @Test(arguments: [
        ("gzip", true), ("gzip, deflate, br", true), ("GZIP", true), ("gzip,x;q=0", true),
        ("deflate, gzip", true), ("deflate,gzip", true), ("br;q=1.0, gzip;q=0.8", true),
        ("gzip;q=1", true), ("gzip;q=1.000", true), ("gzip;q=0.001", true), ("gzip ; q=0.5", true),
        ("gzip;Q=0.5", true), ("gzip;", true), ("gzip ", true), ("gzip; ", true), ("gzip,", true),
        ("gzip;q=1,", true), ("gzip;q=0.1 ", true),
        ("", false), ("gzi", false), ("deflate", false), ("*", false), ("x-gzip", false),
        ("gzipped", false), ("gzip;q=0", false), ("gzip;q=0.0", false), ("gzip;q=0.000", false),
        ("gzip;q=", false), ("gzip;q", false), ("gzip;x=1", false), ("gzip;q=2", false),
        ("gzip;q=1.001", false), ("gzip;q=0.0001", false), ("gzip;q=0x", false),
        ("gzip;q=1.", true), ("gzip;q=0.", false), ("gzip;q=0.5x", false), ("gzip;q =1", false),
        ("gzip;q=0, gzip", false), ("x-gzip, gzip", true), ("gzip\t", false),
        ("deflate\tgzip", false),
        ("gzip;q=0.99999999999999999999999999", false),
    ])
    func nginxRuleForGzip(value: String, isAccepted: Bool) {
        #expect(guarded(value) { AcceptEncoding.acceptsGzip($0) } == isAccepted)
    }

    @Test(arguments: [
        ("gzip", true), ("x-gzip", true), ("*", true), ("gzip;q=0.5", true),
        ("identity, gzip", true), ("identity;q=0.5, gzip;q=0.5", true),
        ("identity;q=0, gzip;q=0.001", true), ("gzip;q=0.5, *;q=0.5", true),
        ("identity;q=0.5, x-gzip", true), ("br, gzip;q=0.1", true),
        ("identity;q=1, gzip;q=0.5", false), ("gzip;q=0.5, identity", false),
        ("gzip;q=0.5, *", false), ("x-gzip;q=0.5, identity;q=0.6", false),
        ("*;q=0.5, identity", false), ("gzip;q=0", false), ("", false), ("identity", false),
    ])
    func strictRuleForGzip(value: String, isTaken: Bool) {
        #expect(guarded(value) { AcceptEncoding.acceptsGzipOrAlias($0) } == isTaken)
    }

    @Test(arguments: [
        // RFC 9110, sections 12.4.2 and 12.5.3.
        ("br", 1000), ("gzip, br", 1000), ("gzip;q=1.0, br;q=0.5", 500), ("BR;Q=0.123", 123),
        ("br ; q=0.1", 100), ("br;q=0", 0), ("br;q=0.000", 0), ("*", 1000), ("*;q=0.3", 300),
        ("*;q=0.3, br;q=0.9", 900), ("br;q=0, *", 0), ("gzip", 0), ("", 0), ("brx", 0),
        ("xbr", 0), ("br;q=1.001", 0), ("br;q=2", 0), ("br;q=0.1234", 0), ("br;q=", 0),
        ("br;q=x", 0), ("br;q=0,5", 0), ("br;level=1", 0), ("br;", 1000), (",,br", 1000),
        ("br;q=1.", 1000), ("br;q=0.00x", 0), (";q=1", 0), ("br;q=0.5, br;q=0.7", 500),
    ])
    func weightsAreParsed(value: String, quality: Int) {
        #expect(guarded(value) { AcceptEncoding.quality(of: "br", in: $0) } == quality)
    }
}
