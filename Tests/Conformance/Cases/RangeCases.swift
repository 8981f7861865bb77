/// Ranges (RFC 9110, section 14) of a file of 10,000 bytes, and If-Range (section 13.1.5).
enum RangeCases {
    static let all: [Case] = single + several + unsatisfiable + emptyMembers + ignored + conditions

    private static func request(_ range: String) -> String {
        Request.get("/bytes.bin", "Range: \(range)")
    }

    private static let whole: [ExpectedResponse] = [
        .get(200, checks: [.allBytes, .lacks("Content-Range")])
    ]

    private static let single: [Case] =
        [
            ("bytes=0-0", 0...0), ("bytes=0-", 0...9_999), ("bytes=0-9999", 0...9_999),
            ("bytes=100-199", 100...199), ("bytes=9999-", 9_999...9_999),
            ("bytes=9999-9999", 9_999...9_999), ("bytes=-1", 9_999...9_999),
            ("bytes=-9999", 1...9_999), ("bytes=-10000", 0...9_999), ("bytes=-20000", 0...9_999),
            ("bytes=5000-99999", 5_000...9_999), ("bytes=00010-0019", 10...19),
            ("bytes=0-10000", 0...9_999), ("bytes=1-1", 1...1), ("Bytes=10-19", 10...19),
            ("BYTES=10-19", 10...19),
        ].map { (range: String, bytes: ClosedRange<Int>) in
            Case(
                "Range \(range)", "9110 14.1.2", request(range),
                [.get(200, 206, checks: part(bytes))])
        }
        + [
            ("bytes=0-9223372036854775807", 0...9_999), ("bytes=9-9223372036854775808", 9...9_999),
            ("bytes=9-18446744073709551615", 9...9_999),
            ("bytes=9-18446744073709551616", 9...9_999),
            ("bytes=9-99999999999999999999999", 9...9_999),
            ("bytes=-9223372036854775807", 0...9_999),
            ("bytes=-18446744073709551616", 0...9_999), ("bytes=-99999999999999999999", 0...9_999),
        ].map { (range: String, bytes: ClosedRange<Int>) in
            // nginx refuses numbers that it cannot represent, which is permitted.
            Case(
                "huge Range \(range)", "9110 14.1.2", .house, request(range),
                [.get(200, 206, 416)])
        } + [
            Case(
                "206 has Content-Range", "9110 15.3.7", request("bytes=10-19"),
                [.get(206, checks: part(10...19))]),
            Case(
                "206 has the fields of 200", "9110 15.3.7",
                Request.get("/bytes.bin") + request("bytes=0-9"),
                [
                    .get(200),
                    .get(
                        206,
                        checks: [
                            .sameValues(["ETag", "Last-Modified", "Content-Type", "Vary"], as: 0),
                            .dateIsNow,
                        ]),
                ]),
            Case(
                "a range of a file of one read", "9110 14.2", .should,
                Request.get("/a.txt", "Range: bytes=1-3"), [.get(206, checks: [.text("ell")])]),
            Case(
                "a range in HTTP/1.0", "9110 14.2", .house,
                Request.get10("/a.txt", "Range: bytes=1-3"), [.get(206, checks: [.text("ell")])],
                then: .closed),
            Case(
                "a range of an index", "9110 14.2", .house, Request.get("/", "Range: bytes=0-2"),
                [.get(206, checks: [.text("<p>")])]),
            Case(
                "a range of a directory that redirects", "9110 14.2",
                Request.get("/dir", "Range: bytes=0-2"), [.get(301, 302, 308)]),
            Case(
                "a range of an empty file", "9110 14.2", Request.get("/none", "Range: bytes=0-2"),
                [.get(404)]),
            Case(
                "spaces in a range, as nginx", "9110 14.1.2", .house, request("bytes= 10 - 19 "),
                [.get(206, checks: part(10...19))], .off),
            Case(
                "spaces in a range", "9110 14.1.2", .house, request("bytes=10 - 19"), whole, .on,
                differs: .invalidRange),
            Case(
                "spaces around a range", "9110 14.1.2", .house, request("bytes= 10-19 "),
                [.get(206, checks: part(10...19))]),
        ]

    private static func part(_ bytes: ClosedRange<Int>) -> [Check] {
        [
            .field("Content-Range", "bytes \(bytes.lowerBound)-\(bytes.upperBound)/10000"),
            .field("Content-Length", "\(bytes.count)"), .bytes(bytes),
        ]
    }

    private static let tiny = (0..<2_000).map { "\($0 * 4)-\($0 * 4)" }.joined(separator: ",")

    private static let several: [Case] =
        [
            ("bytes=0-9,2000-2009", [0...9, 2_000...2_009]),
            ("bytes=0-0, -1", [0...0, 9_999...9_999]),
            ("bytes=9990-9999,0-9", [9_990...9_999, 0...9]),
            ("bytes=0-9,20000-30000,5000-5009", [0...9, 5_000...5_009]),
            (
                "bytes=1-1,3000-3000,5000-5000,7000-7000",
                [1...1, 3_000...3_000, 5_000...5_000, 7_000...7_000]
            ),
        ].map { (range: String, parts: [ClosedRange<Int>]) in
            Case(
                "Range \(range)", "9110 14.6", request(range),
                [
                    .get(
                        206,
                        checks: [
                            .parts(parts), .lacks("Content-Range"),
                            .begins("Content-Type", "multipart/byteranges"),
                        ])
                ])
        } + [
            Case(
                "a tab between ranges", "9110 5.6.3", request("bytes=0-0 ,\t-1"),
                [.get(206, checks: [.parts([0...0, 9_999...9_999])])], differs: .tabsAreWhiteSpace),
            Case(
                "ranges that touch, as nginx", "9110 14.2", .house, request("bytes=0-9,10-19"),
                [.get(206, checks: [.parts([0...9, 10...19])])]),
            Case(
                "ranges that overlap, as nginx", "9110 14.2", .house, request("bytes=0-9,100-,-5"),
                [.get(206, checks: [.parts([0...9, 100...9_999, 9_995...9_999])])]),
            Case(
                "one of two ranges can be satisfied", "9110 15.3.7", request("bytes=0-9,20000-"),
                [.get(206, checks: part(0...9))]),
            Case(
                "an empty range beside another", "9110 14.1.2", .house, request("bytes=-0,0-9"),
                [.get(206, 416)]),
            Case(
                "two thousand tiny ranges", "9110 14.2", .should, request("bytes=\(tiny)"),
                [.get(200, 206, 400, 416, 431)], then: .any),
            Case(
                "overlapping ranges that outgrow the file", "9110 14.2", .should,
                request("bytes=" + Array(repeating: "0-", count: 50).joined(separator: ",")),
                [.get(200, 206, 416, checks: [.doesNotContain("------------------------")])]),
            Case(
                "overlapping ranges are the whole file, as nginx", "9110 14.2", .house,
                request("bytes=0-,0-,0-"), whole),
        ]

    private static let unsatisfiable: [Case] =
        [
            "bytes=10000-", "bytes=10000-10001", "bytes=99999-", "bytes=-0", "bytes=10000-,20000-",
        ].map { range in
            Case(
                "Range \(range) is 416", "9110 14.2", .should, request(range),
                [.get(416, checks: [.field("Content-Range", "bytes */10000")])])
        } + [
            Case(
                "any range of an empty file", "9110 14.2", .house,
                Request.get("/empty.txt", "Range: bytes=0-"), [.get(200, 416)]),
            Case(
                "a suffix of an empty file", "9110 14.2", .house,
                Request.get("/empty.txt", "Range: bytes=-1"), [.get(200, 206, 416)]),
        ]
        + [
            "bytes=5-4", "bytes=a-b", "bytes=1", "bytes=1-2x", "bytes=--1", "bytes=-", "bytes=1--2",
            "bytes=0-99999999999999999999-", "bytes=0x0-0x9", "bytes=+1-2", "bytes=1-2;3-4",
            "bytes=1.0-2", "bytes=0-1,x", "bytes=,", "bytes=,,,",
        ].flatMap { range in
            // RFC 9110, section 14.2: an invalid range may be ignored or refused; nginx refuses it.
            [
                Case(
                    "invalid Range \(range), as nginx", "9110 14.2", .house, request(range),
                    [.get(416)], .off),
                Case(
                    "invalid Range \(range)", "9110 14.1.1", .house, request(range), whole, .on,
                    differs: .invalidRange),
            ]
        }
        + [
            Case(
                "an invalid range beside another, as nginx", "9110 14.2", .house,
                request("bytes=0-1,5-4"), [.get(206, checks: part(0...1))], .off),
            Case(
                "an invalid range beside another", "9110 14.1.1", .house, request("bytes=0-1,5-4"),
                whole, .on, differs: .invalidRange),
            Case(
                "a range up to a position of 23 digits", "9110 14.1.2", .house,
                request("bytes=9990-99999999999999999999999"),
                [.get(206, checks: part(9_990...9_999))], .on, differs: .invalidRange),
            Case(
                "several lines of Range", "9110 5.3", .house,
                Request.get("/bytes.bin", "Range: bytes=0-1", "Range: bytes=0-1"), whole, .on,
                differs: .listsOverLines),
        ]
        + [
            "bytes=5-4", "bytes=a-b", "bytes=1", "bytes=-", "bytes=0-1,x",
        ].map { range in
            Case(
                "invalid Range \(range) is no part", "9110 14.2", request(range),
                [.get(200, 400, 416)], then: .any)
        }

    /// RFC 9110, section 5.6.1.2: empty members are ignored; nginx refuses the whole list.
    private static let emptyMembers: [Case] = [
        ("bytes=10-19,", 10...19), ("bytes=,10-19", 10...19), ("bytes=,,10-19 , ,", 10...19),
    ].flatMap { (range: String, bytes: ClosedRange<Int>) in
        [
            Case(
                "Range \(range)", "9110 5.6.1.2", request(range),
                [.get(206, checks: part(bytes))], .on, differs: .emptyMembers),
            Case(
                "Range \(range), as nginx", "9110 5.6.1.2", .house, request(range), [.get(416)],
                .off),
        ]
    }

    private static let ignored: [Case] =
        [
            "lines=0-1", "bytes:0-1", "0-1", "x", "bytes 0-1", "bytesx=0-1",
        ].map { range in
            Case("Range \(range) is ignored", "9110 14.2", request(range), whole)
        }
        + ["bytes=", ""].map { range in
            Case(
                "Range \(range.debugDescription) is ignored", "9110 14.2", .house, request(range),
                whole
            )
        }

    private static let same = Site.modifiedText
    private static let ten: [ExpectedResponse] = [.get(206, checks: [.bytes(0...9)])]

    private static let conditions: [Case] =
        [
            ("the tag", "{bytes}", true), ("another tag", "\"no\"", false),
            ("the weak tag", "W/{bytes}", false), ("the time", same, true),
            ("an earlier time", "Thu, 13 Feb 2020 13:14:15 GMT", false),
            ("a later time", "Sat, 15 Feb 2020 13:14:15 GMT", false),
            ("no date and no tag", "x", false), ("*", "*", false),
            ("the tag without quotes", "5e469d27-2710", false), ("an empty tag", "\"\"", false),
            ("the tag with an open quote", "\"5e469d27-2710", false),
            ("a list of tags", "\"no\", {bytes}", false),
            ("the time in the form of RFC 850", "Friday, 14-Feb-20 13:14:15 GMT", true),
            ("the time in the form of asctime", "Fri Feb 14 13:14:15 2020", true),
            ("an earlier time in the form of RFC 850", "Thursday, 13-Feb-20 13:14:15 GMT", false),
        ].map { (name: String, value: String, isPart: Bool) in
            Case(
                "If-Range with \(name)", "9110 13.1.5",
                isPart && name.contains("form") ? .house : .must,
                Request.get("/bytes.bin", "Range: bytes=0-9", "If-Range: \(value)"),
                isPart ? ten : whole)
        } + [
            Case(
                "If-Range without Range", "9110 13.1.5",
                Request.get("/bytes.bin", "If-Range: {bytes}"), whole),
            Case(
                "If-Range with another tag, and a range that cannot be satisfied", "9110 13.1.5",
                Request.get("/bytes.bin", "Range: bytes=99999-", "If-Range: \"no\""), whole),
            Case(
                "If-Range before Range in the head", "9110 13.1.5",
                Request.get("/bytes.bin", "If-Range: {bytes}", "Range: bytes=0-9"), ten),
            Case(
                "If-Range with the tag, and several ranges", "9110 13.1.5",
                Request.get("/bytes.bin", "Range: bytes=0-1,3000-3001", "If-Range: {bytes}"),
                [.get(206, checks: [.parts([0...1, 3_000...3_001])])]),
            Case(
                "If-Range with another tag, and several ranges", "9110 13.1.5",
                Request.get("/bytes.bin", "Range: bytes=0-1,3-4", "If-Range: \"no\""), whole),
            Case(
                "If-None-Match before If-Range", "9110 13.2.2",
                Request.get(
                    "/bytes.bin", "If-None-Match: {bytes}", "Range: bytes=0-9",
                    "If-Range: {bytes}"), [.get(304)]),
        ]
}
