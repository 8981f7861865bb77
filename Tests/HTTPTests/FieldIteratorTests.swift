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
