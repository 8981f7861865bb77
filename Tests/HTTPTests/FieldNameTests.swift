import HTTP
import Testing

@Suite struct FieldNameTests {
    static let names: [(String, FieldName)] = [
        ("Host", .host), ("Connection", .connection), ("Content-Length", .contentLength),
        ("Transfer-Encoding", .transferEncoding), ("Expect", .expect), ("Range", .range),
        ("If-Range", .ifRange), ("If-Match", .ifMatch), ("If-None-Match", .ifNoneMatch),
        ("If-Modified-Since", .ifModifiedSince), ("If-Unmodified-Since", .ifUnmodifiedSince),
        ("Accept-Encoding", .acceptEncoding), ("User-Agent", .userAgent), ("Referer", .referer),
        ("Via", .via), ("Authorization", .authorization), ("Cookie", .cookie),
        ("X-Forwarded-For", .xForwardedFor), ("Keep-Alive", .keepAlive), ("Upgrade", .upgrade),
    ]

    @Test(arguments: names)
    func lookup(name: String, field: FieldName) {
        // RFC 9110, section 5.1: field names are case-insensitive.
        for spelling in [name, name.lowercased(), name.uppercased()] {
            #expect(guarded(spelling) { FieldName(name: $0) } == field)
        }
        // A name with one bit changed is another name, except for the case of letters.
        for index in name.utf8.indices {
            for bit in 0..<8 {
                var bytes = Array(name.utf8)
                let offset = name.utf8.distance(from: name.utf8.startIndex, to: index)
                bytes[offset] ^= 1 << UInt8(bit)
                let isCase = bit == 5 && (bytes[offset] | 0x20) &- 0x61 < 26
                #expect((guarded(bytes) { FieldName(name: $0) } == field) == isCase)
            }
        }
        #expect(guarded(name + "s") { FieldName(name: $0) } != field)
    }

    @Test func allFieldsHaveARow() {
        #expect(Self.names.count == FieldName.allCases.count)
    }

    @Test(arguments: ["", "A", "Accept", "Sec-Fetch-Mode", "Accept-Language", "X-Forwarded-Host"])
    func others(name: String) {
        #expect(guarded(name) { FieldName(name: $0) } == nil)
    }
}
