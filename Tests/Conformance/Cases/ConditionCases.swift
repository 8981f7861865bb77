/// Preconditions (RFC 9110, section 13), each with GET and HEAD.
enum ConditionCases {
    static let all: [Case] =
        tables.flatMap { table in
            table.rows.flatMap { name, fields, status in
                ["GET", "HEAD"].map { method in
                    Case(
                        "\(method) \(name)", table.section, table.level,
                        Request.request(method, "/a.txt", fields),
                        [method == "HEAD" ? .head(status) : .get(status, checks: rules(status))],
                        differs: table.difference)
                }
            }
        } + other

    private static func rules(_ status: Int) -> [Check] {
        status == 200 ? [.text("hello")] : status == 304 ? [.empty] : []
    }

    private struct Table {
        let section: String
        var level = Level.must
        var difference: Difference.Name?
        let rows: [(name: String, fields: [String], status: Int)]
    }

    private static let same = "Fri, 14 Feb 2020 13:14:15 GMT"
    private static let before = "Thu, 13 Feb 2020 13:14:15 GMT"
    private static let after = "Sat, 15 Feb 2020 13:14:15 GMT"
    private static let noneSame = ["If-None-Match: {etag}"]
    private static let noneOther = ["If-None-Match: \"no\""]

    private static let tables: [Table] = [
        Table(
            section: "9110 13.1.2",
            rows: [
                ("If-None-Match with the tag", noneSame, 304),
                ("If-None-Match with the weak tag", ["If-None-Match: W/{etag}"], 304),
                ("If-None-Match with another tag", noneOther, 200),
                ("If-None-Match with *", ["If-None-Match: *"], 304),
                (
                    "If-None-Match with a list that ends in it", ["If-None-Match: \"no\", {etag}"],
                    304
                ),
                (
                    "If-None-Match with a list that begins with it",
                    ["If-None-Match: {etag}, \"no\""], 304
                ),
                (
                    "If-None-Match with a list without spaces",
                    ["If-None-Match: \"a\",{etag},\"b\""], 304
                ),
                ("If-None-Match with empty members", ["If-None-Match: , ,{etag},,"], 304),
                (
                    "If-None-Match with a list of weak tags",
                    ["If-None-Match: W/\"a\", W/{etag}"], 304
                ),
                ("If-None-Match with tabs in a list", ["If-None-Match: \"a\",\t{etag}"], 304),
                (
                    "If-None-Match with a list of others", ["If-None-Match: \"a\", \"b\", W/\"c\""],
                    200
                ),
                ("If-None-Match with a longer tag", ["If-None-Match: \"x{etag}\""], 200),
                ("If-None-Match with an empty tag", ["If-None-Match: \"\""], 200),
                ("If-None-Match with a tag without quotes", ["If-None-Match: no"], 200),
                ("If-None-Match with a comma in a tag", ["If-None-Match: \"a,b\", {etag}"], 304),
                (
                    "If-None-Match with the tag inside another",
                    ["If-None-Match: \"a{etag}b\""], 200
                ),
            ]),
        Table(
            section: "9110 13.1.2", level: .house,
            rows: [
                ("If-None-Match with w/ in small letters", ["If-None-Match: w/{etag}"], 200)
            ]),
        Table(
            section: "9110 13.1.1",
            rows: [
                ("If-Match with the tag", ["If-Match: {etag}"], 200),
                ("If-Match with *", ["If-Match: *"], 200),
                ("If-Match with a list", ["If-Match: \"no\", {etag}"], 200),
                ("If-Match with a list without spaces", ["If-Match: \"a\",{etag},\"b\""], 200),
                ("If-Match with empty members", ["If-Match: ,{etag},"], 200),
                ("If-Match with another tag", ["If-Match: \"no\""], 412),
                ("If-Match with a list of others", ["If-Match: \"a\", \"b\""], 412),
                ("If-Match with the weak tag", ["If-Match: W/{etag}"], 412),
                ("If-Match with a weak tag in a list", ["If-Match: \"a\", W/{etag}"], 412),
                ("If-Match with an empty tag", ["If-Match: \"\""], 412),
            ]),
        Table(
            section: "9110 13.1.3", level: .should,
            rows: [
                ("If-Modified-Since with the time", ["If-Modified-Since: \(same)"], 304),
                ("If-Modified-Since with an earlier time", ["If-Modified-Since: \(before)"], 200),
            ]),
        Table(
            section: "9110 13.1.3", level: .house,
            rows: [
                (
                    "If-Modified-Since with a later time, as nginx",
                    ["If-Modified-Since: \(after)"], 200
                )
            ]),
        Table(
            section: "9110 5.6.7",
            rows: [
                (
                    "If-Modified-Since in the form of RFC 850",
                    ["If-Modified-Since: Friday, 14-Feb-20 13:14:15 GMT"], 304
                ),
                (
                    "If-Modified-Since in the form of asctime",
                    ["If-Modified-Since: Fri Feb 14 13:14:15 2020"], 304
                ),
                (
                    "an earlier If-Modified-Since in the form of RFC 850",
                    ["If-Modified-Since: Thursday, 13-Feb-20 13:14:15 GMT"], 200
                ),
                (
                    "an earlier If-Modified-Since in the form of asctime",
                    ["If-Modified-Since: Thu Feb 13 13:14:15 2020"], 200
                ),
                (
                    "If-Modified-Since of 1994 in the form of RFC 850",
                    ["If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"], 200
                ),
                (
                    "If-Modified-Since of asctime with a day of one digit",
                    ["If-Modified-Since: Sun Nov  6 08:49:37 1994"], 200
                ),
            ]),
        Table(
            section: "9110 13.1.3",
            rows: [
                ("If-Modified-Since that is no date", ["If-Modified-Since: yesterday"], 200),
                ("If-Modified-Since that is empty", ["If-Modified-Since:"], 200),
                (
                    "If-Modified-Since with 30 February",
                    ["If-Modified-Since: Sun, 30 Feb 2020 13:14:15 GMT"], 200
                ),
                (
                    "If-Modified-Since with hour 25",
                    ["If-Modified-Since: Fri, 14 Feb 2020 25:14:15 GMT"], 200
                ),
                ("If-Modified-Since with a number", ["If-Modified-Since: 1581686055"], 200),
                (
                    "If-Modified-Since with a huge year",
                    ["If-Modified-Since: Fri, 14 Feb 99999999999 13:14:15 GMT"], 200
                ),
            ]),
        Table(
            section: "9110 13.1.3", difference: .ifModifiedSinceBesideIfNoneMatch,
            rows: [
                (
                    "If-Modified-Since beside If-None-Match with another tag",
                    noneOther + ["If-Modified-Since: \(same)"], 200
                ),
                (
                    "If-None-Match with the tag beside an earlier If-Modified-Since",
                    noneSame + ["If-Modified-Since: \(before)"], 304
                ),
                (
                    "If-None-Match with * beside an earlier If-Modified-Since",
                    ["If-None-Match: *", "If-Modified-Since: \(before)"], 304
                ),
                (
                    "If-None-Match and If-Modified-Since that agree",
                    noneSame + ["If-Modified-Since: \(same)"], 304
                ),
                (
                    "If-Modified-Since before If-None-Match in the head",
                    ["If-Modified-Since: \(before)"] + noneSame, 304
                ),
            ]),
        Table(
            section: "9110 13.1.4",
            rows: [
                ("If-Unmodified-Since with the time", ["If-Unmodified-Since: \(same)"], 200),
                ("If-Unmodified-Since with a later time", ["If-Unmodified-Since: \(after)"], 200),
                (
                    "If-Unmodified-Since with an earlier time", ["If-Unmodified-Since: \(before)"],
                    412
                ),
                (
                    "If-Unmodified-Since in the form of RFC 850",
                    ["If-Unmodified-Since: Thursday, 13-Feb-20 13:14:15 GMT"], 412
                ),
                (
                    "If-Unmodified-Since in the form of asctime",
                    ["If-Unmodified-Since: Thu Feb 13 13:14:15 2020"], 412
                ),
                (
                    "If-Unmodified-Since with the time in the form of RFC 850",
                    ["If-Unmodified-Since: Friday, 14-Feb-20 13:14:15 GMT"], 200
                ),
            ]),
        Table(
            section: "9110 13.1.4", difference: .ifUnmodifiedSinceInvalid,
            rows: [
                ("If-Unmodified-Since that is no date", ["If-Unmodified-Since: tomorrow"], 200),
                ("If-Unmodified-Since that is empty", ["If-Unmodified-Since:"], 200),
                (
                    "If-Unmodified-Since with 30 February",
                    ["If-Unmodified-Since: Sun, 30 Feb 2020 13:14:15 GMT"], 200
                ),
            ]),
        Table(
            section: "9110 13.2.2", difference: .ifUnmodifiedSinceBesideIfMatch,
            rows: [
                (
                    "If-Match with the tag beside an earlier If-Unmodified-Since",
                    ["If-Match: {etag}", "If-Unmodified-Since: \(before)"], 200
                ),
                (
                    "If-Match with * beside an earlier If-Unmodified-Since",
                    ["If-Match: *", "If-Unmodified-Since: \(before)"], 200
                ),
                (
                    "an earlier If-Unmodified-Since before If-Match in the head",
                    ["If-Unmodified-Since: \(before)", "If-Match: {etag}"], 200
                ),
            ]),
        Table(
            section: "9110 13.2.2",
            rows: [
                (
                    "If-Match with another tag beside a later If-Unmodified-Since",
                    ["If-Match: \"no\"", "If-Unmodified-Since: \(after)"], 412
                ),
                (
                    "If-Match that fails before If-None-Match that matches",
                    ["If-Match: \"no\""] + noneSame, 412
                ),
                (
                    "If-Match and If-None-Match that both match", ["If-Match: {etag}"] + noneSame,
                    304
                ),
                (
                    "If-Match that holds and If-None-Match with another tag",
                    ["If-Match: {etag}"] + noneOther, 200
                ),
                (
                    "If-Unmodified-Since that fails before If-None-Match that matches",
                    ["If-Unmodified-Since: \(before)"] + noneSame, 412
                ),
                (
                    "If-Unmodified-Since that holds and If-Modified-Since with the time",
                    ["If-Unmodified-Since: \(same)", "If-Modified-Since: \(same)"], 304
                ),
                (
                    "If-Match that holds and If-Modified-Since with the time",
                    ["If-Match: *", "If-Modified-Since: \(same)"], 304
                ),
                (
                    "If-Match that fails and If-Modified-Since with the time",
                    ["If-Match: \"no\"", "If-Modified-Since: \(same)"], 412
                ),
            ]),
    ]

    private static let fields304: [Check] = [
        .sameValues(["ETag", "Last-Modified", "Vary", "Cache-Control", "Expires"], as: 0)
    ]

    private static let other: [Case] = [
        Case(
            "304 has the fields of 200", "9110 15.4.5",
            Request.get("/a.txt") + Request.get("/a.txt", "If-None-Match: {etag}"),
            [.get(200), .get(304, checks: [.sameValues(["ETag", "Vary"], as: 0), .dateIsNow])]),
        Case(
            "304 by time has the fields of 200", "9110 15.4.5",
            Request.get("/a.txt") + Request.get("/a.txt", "If-Modified-Since: \(same)"),
            [.get(200), .get(304, checks: fields304)]),
        Case(
            "304 to HEAD has the fields of 200", "9110 15.4.5",
            Request.head("/a.txt") + Request.head("/a.txt", "If-None-Match: {etag}"),
            [.head(200), .head(304, checks: fields304)]),
        Case(
            "If-None-Match over several lines", "9110 5.3",
            Request.get("/a.txt", "If-None-Match: \"no\"", "Accept: */*", "If-None-Match: {etag}"),
            [.get(304)], .on, differs: .listsOverLines),
        Case(
            "If-None-Match over several lines without the tag", "9110 5.3",
            Request.get("/a.txt", "If-None-Match: \"no\"", "if-none-match: \"other\""), [.get(200)],
            .on, differs: .listsOverLines),
        Case(
            "If-Match over several lines", "9110 5.3",
            Request.get("/a.txt", "If-Match: \"no\"", "If-Match: \"other\", {etag}"), [.get(200)],
            .on, differs: .listsOverLines),
        Case(
            "If-Match over several lines without the tag", "9110 5.3",
            Request.get("/a.txt", "If-Match: \"no\"", "If-Match: W/{etag}"), [.get(412)], .on,
            differs: .listsOverLines),
        Case(
            "If-None-Match over several lines, as nginx", "9110 5.3", .house,
            Request.get("/a.txt", "If-None-Match: \"no\"", "If-None-Match: {etag}"), [.get(400)],
            then: .closed, .off),
        Case(
            "conditions on a missing file", "9110 13.2.1", Request.get("/none", "If-None-Match: *"),
            [.get(404)]),
        Case(
            "If-Modified-Since on a missing file", "9110 13.2.1",
            Request.get("/none", "If-Modified-Since: \(same)"), [.get(404)]),
        Case(
            "If-Match on a missing file", "9110 13.2.1", Request.get("/none", "If-Match: \"no\""),
            [.get(404, 412)]),
        Case(
            "conditions on a redirect", "9110 13.2.1", Request.get("/dir", "If-None-Match: *"),
            [.get(301, 302, 308)]),
        Case(
            "conditions on an index", "9110 13.1.3", .should,
            Request.get("/", "If-Modified-Since: \(same)"), [.get(304)]),
        Case(
            "conditions on an empty file", "9110 13.1.2",
            Request.get("/empty.txt", "If-None-Match: *"), [.get(304)]),
        Case(
            "If-Modified-Since of a file from 1970", "9110 13.1.3", .should,
            Request.get("/zero.txt", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"),
            [.get(304)]),
        Case(
            "If-None-Match of a file from 1970", "9110 13.1.2",
            Request.get("/zero.txt", "If-None-Match: {zero}"), [.get(304)]),
        Case(
            "If-Modified-Since of a file from 1960", "9110 13.1.3", .house,
            Request.get("/old.txt", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"),
            [.get(200, 304)]),
        Case(
            "If-Modified-Since of a file from 1960 with its own time", "9110 13.1.3", .should,
            Request.get("/old.txt", "If-Modified-Since: Fri, 01 Jan 1960 01:00:00 GMT"), [.get(304)]
        ),
        Case(
            "a condition before a range", "9110 13.2.2",
            Request.get("/a.txt", "If-None-Match: {etag}", "Range: bytes=0-0"), [.get(304)]),
        Case(
            "a condition before a range that cannot be satisfied", "9110 13.2.2",
            Request.get("/a.txt", "If-None-Match: {etag}", "Range: bytes=99-"), [.get(304)]),
        Case(
            "a failed condition before a range", "9110 13.2.2",
            Request.get("/a.txt", "If-Match: \"no\"", "Range: bytes=0-0"), [.get(412)]),
        Case(
            "a condition that holds and a range", "9110 13.2.2",
            Request.get("/a.txt", "If-Match: {etag}", "Range: bytes=0-0"),
            [.get(206, checks: [.text("h")])]),
    ]
}
