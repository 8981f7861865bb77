import HTTP
import Testing

struct PreconditionRow: CustomTestStringConvertible {
    let fields: [String]
    let outcome: Preconditions.Outcome
    var method = "GET"
    var etag = "\"1\""
    var modified: Int64? = 784_111_777
    var mode = Validators.ModifiedSince.exact

    var testDescription: String { "\(method) \(etag) \(mode) " + fields.joined(separator: ", ") }
}

@Suite struct PreconditionsTests {
    static let same = "Sun, 06 Nov 1994 08:49:37 GMT"
    static let earlier = "Sun, 06 Nov 1994 08:49:36 GMT"
    static let later = "Sun, 06 Nov 1994 08:49:38 GMT"

    static let rows: [PreconditionRow] = [
        .init(fields: [], outcome: .proceed),
        // RFC 9110, section 13.1.1.
        .init(fields: ["If-Match: \"1\""], outcome: .proceed),
        .init(fields: ["If-Match: \"0\", \"1\""], outcome: .proceed),
        .init(fields: ["If-Match: *"], outcome: .proceed),
        .init(fields: ["If-Match: \"2\""], outcome: .failed),
        .init(fields: ["If-Match: W/\"1\""], outcome: .failed),
        .init(fields: ["If-Match: W/\"1\""], outcome: .failed, etag: "W/\"1\""),
        .init(fields: ["If-Match: \"1\""], outcome: .failed, etag: ""),
        .init(fields: ["If-Match: *"], outcome: .proceed, etag: ""),
        .init(fields: ["If-Match:"], outcome: .failed),
        // RFC 9110, section 13.1.2.
        .init(fields: ["If-None-Match: \"1\""], outcome: .notModified),
        .init(fields: ["If-None-Match: W/\"1\""], outcome: .notModified),
        .init(fields: ["If-None-Match: \"1\""], outcome: .notModified, etag: "W/\"1\""),
        .init(fields: ["If-None-Match: *"], outcome: .notModified),
        .init(fields: ["If-None-Match: \"2\""], outcome: .proceed),
        .init(fields: ["If-None-Match: \"1\""], outcome: .proceed, etag: ""),
        .init(fields: ["If-None-Match: \"1\""], outcome: .notModified, method: "HEAD"),
        .init(fields: ["If-None-Match: \"1\""], outcome: .failed, method: "PUT"),
        .init(fields: ["If-None-Match: \"2\""], outcome: .proceed, method: "PUT"),
        // RFC 9110, section 13.1.3.
        .init(fields: ["If-Modified-Since: " + same], outcome: .notModified),
        .init(fields: ["If-Modified-Since: " + later], outcome: .proceed),
        .init(fields: ["If-Modified-Since: " + earlier], outcome: .proceed),
        .init(fields: ["If-Modified-Since: " + same], outcome: .notModified, mode: .before),
        .init(fields: ["If-Modified-Since: " + later], outcome: .notModified, mode: .before),
        .init(fields: ["If-Modified-Since: " + earlier], outcome: .proceed, mode: .before),
        .init(fields: ["If-Modified-Since: " + same], outcome: .proceed, mode: .off),
        .init(fields: ["If-Modified-Since: never"], outcome: .proceed),
        .init(fields: ["If-Modified-Since: never"], outcome: .proceed, mode: .before),
        .init(fields: ["If-Modified-Since: " + same], outcome: .proceed, method: "POST"),
        .init(
            fields: ["If-Modified-Since: " + later], outcome: .proceed, modified: nil,
            mode: .before),
        .init(
            fields: ["If-Modified-Since: Wed, 31 Dec 1969 23:59:59 GMT"], outcome: .notModified,
            modified: -1),
        .init(
            fields: ["If-Modified-Since: Wed, 31 Dec 1969 23:59:58 GMT"], outcome: .proceed,
            modified: -1),
        .init(
            fields: ["If-Modified-Since: Fri, 01 Jan 1960 01:00:00 GMT"], outcome: .notModified,
            modified: -315_615_600),
        // RFC 9110, section 13.1.4.
        .init(fields: ["If-Unmodified-Since: " + same], outcome: .proceed),
        .init(fields: ["If-Unmodified-Since: " + later], outcome: .proceed),
        .init(fields: ["If-Unmodified-Since: " + earlier], outcome: .failed),
        .init(fields: ["If-Unmodified-Since: " + earlier], outcome: .failed, method: "PUT"),
        .init(fields: ["If-Unmodified-Since: never"], outcome: .proceed),
        .init(fields: ["If-Unmodified-Since: " + earlier], outcome: .proceed, modified: nil),
        .init(
            fields: ["If-Unmodified-Since: Wed, 31 Dec 1969 23:59:58 GMT"], outcome: .failed,
            modified: -1),
        // RFC 9110, section 13.2.2: precedence.
        .init(fields: ["If-Match: \"1\"", "If-Unmodified-Since: " + earlier], outcome: .proceed),
        .init(fields: ["If-Match: \"2\"", "If-Unmodified-Since: " + later], outcome: .failed),
        .init(fields: ["If-None-Match: \"2\"", "If-Modified-Since: " + same], outcome: .proceed),
        .init(
            fields: ["If-None-Match: \"1\"", "If-Modified-Since: " + earlier], outcome: .notModified
        ),
        .init(
            fields: ["If-None-Match: \"1\"", "If-Modified-Since: " + same], outcome: .notModified,
            mode: .off),
        .init(fields: ["If-Match: \"2\"", "If-None-Match: \"1\""], outcome: .failed),
        .init(fields: ["If-Match: \"1\"", "If-None-Match: \"1\""], outcome: .notModified),
        .init(
            fields: ["If-Unmodified-Since: " + earlier, "If-None-Match: \"1\""], outcome: .failed),
        .init(
            fields: ["If-Unmodified-Since: " + same, "If-Modified-Since: " + same],
            outcome: .notModified),
    ]

    @Test(arguments: rows)
    func evaluating(row: PreconditionRow) {
        let lines = row.fields.map { $0 + "\r\n" }.joined()
        withHead("\(row.method) / HTTP/1.0\r\n\(lines)\r\n") { head, received in
            guarded(row.etag) { etag in
                let validators = Validators(
                    modified: row.modified, etag: etag, modifiedSince: row.mode)
                let outcome = Preconditions.evaluate(head, received, validators)
                #expect(outcome == row.outcome)
            }
        }
    }
}

@Suite struct EntityTagTests {
    @Test(arguments: [
        (Int64(0x5f3a_9b01), Int64(0x264), false, "\"5f3a9b01-264\""), (0, 0, false, "\"0-0\""),
        (1, 2, true, "W/\"1-2\""), (-1, 10, false, "\"-1-a\""),
        (Int64.min, Int64.max, false, "\"-8000000000000000-7fffffffffffffff\""),
    ])
    func writing(modified: Int64, size: Int64, isWeak: Bool, expected: String) {
        let result = written {
            EntityTag.write(modified: modified, size: size, isWeak: isWeak, into: &$0)
        }
        #expect(result.text == expected)
    }

    @Test(arguments: [
        // RFC 9110, section 8.8.3.2: the table of comparisons.
        ("W/\"1\"", "W/\"1\"", false, true), ("W/\"1\"", "W/\"2\"", false, false),
        ("W/\"1\"", "\"1\"", false, true), ("\"1\"", "\"1\"", true, true),
        ("\"1\"", "W/\"1\"", false, true),
        // RFC 9110, section 13.1: lists and the asterisk.
        ("\"1\"", "*", true, true), ("", "*", true, true), ("\"1\"", "\"0\", \"1\"", true, true),
        ("\"1\"", "\"0\",\"1\" ,\"2\"", true, true), ("\"1\"", "W/\"0\"\t, W/\"1\"", false, true),
        ("\"1\"", "\"0\",\"2\"", false, false), ("\"1\"", ",, \"1\",", true, true),
        ("\"1\"", "\"1\"x", false, false), ("\"1\"", "x\"1\"", false, false),
        ("\"1\"", "\"11\"", false, false), ("\"1\"", "", false, false), ("", "", false, false),
        ("", "\"\"", false, false), ("\"1\"", "1", false, false), ("\"1\"", "**", false, false),
        ("", "W/", false, false), ("", ",", false, false), ("\"1\"", "w/\"1\"", false, false),
    ])
    func matching(tag: String, list: String, strong: Bool, weak: Bool) {
        guarded(tag) { tag in
            guarded(list) { list in
                #expect(EntityTag.strongMatch(tag, in: list) == strong)
                #expect(EntityTag.weakMatch(tag, in: list) == weak)
            }
        }
    }
}
