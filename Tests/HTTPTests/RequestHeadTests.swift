import HTTP
import Testing

@Suite struct FieldIteratorTests {
    static func fields(_ request: String, _ limits: HeadLimits) -> [String] {
        guarded(request) { received in
            var parser = RequestParser(limits: limits)
            #expect(parser.resume(received) == .complete)
            var iterator = FieldIterator(parser.head)
            var fields: [String] = []
            while let (name, value) = iterator.next(in: received) {
                fields.append(text(received.slice(name)) + "=" + text(received.slice(value)))
            }
            #expect(iterator.next(in: received) == nil)
            return fields
        }
    }

    static let request =
        "GET / HTTP/1.0\r\nA:1\r\nB_c: 2\nD(: 3\r\nCookie:  x \t\r\nEmpty:\r\nAlone\r\n"
        + "Cookie: y:z\r\n\r\nNot: a field\r\n"

    @Test func droppedNamesAreSkipped() {
        #expect(
            Self.fields(Self.request, HeadLimits())
                == ["A=1", "Cookie=x", "Empty=", "Alone=", "Cookie=y:z"])
    }

    @Test func underscoresAreAllowedIfConfigured() {
        #expect(
            Self.fields(Self.request, HeadLimits(allowsUnderscores: true))
                == ["A=1", "B_c=2", "Cookie=x", "Empty=", "Alone=", "Cookie=y:z"])
    }

    @Test func invalidNamesAreKeptIfConfigured() {
        #expect(
            Self.fields(Self.request, HeadLimits(dropsInvalidNames: false))
                == ["A=1", "B_c=2", "D(=3", "Cookie=x", "Empty=", "Alone=", "Cookie=y:z"])
    }

    @Test(arguments: [
        ("Cookie: a\r\n", HeadLimits(), true), ("A: b\r\n", HeadLimits(), true),
        ("Cookie: a\r\nUser-Agent: b\r\n", HeadLimits(), true),
        ("Cookie: a\r\ncookie: b\r\n", HeadLimits(), false),
        ("Cookie: a\r\n", HeadLimits(allowsUnderscores: true), false),
        ("Cookie: a\r\n", HeadLimits(dropsInvalidNames: false), false),
    ])
    func repeatedFieldIsDetected(fields: String, limits: HeadLimits, isAtMostOne: Bool) {
        guarded("GET / HTTP/1.0\r\n\(fields)\r\n") { received in
            var parser = RequestParser(limits: limits)
            #expect(parser.resume(received) == .complete)
            #expect(parser.head.hasAtMostOne(.cookie) == isAtMostOne)
        }
    }

    @Test func noFields() {
        #expect(Self.fields("GET / HTTP/1.0\r\n\r\n", HeadLimits()) == [])
        #expect(Self.fields("GET /\r\nA: b\r\n", HeadLimits()) == [])
    }
}

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
    func unknownNameIsNil(name: String) {
        #expect(guarded(name) { FieldName(name: $0) } == nil)
    }
}
