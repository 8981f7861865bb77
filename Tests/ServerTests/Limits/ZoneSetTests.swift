import Testing

@testable import Server

@Suite struct ZoneSetTests {
    private let first = ZonePlan(kind: .requests, name: "a", size: 32768, keyText: "$host")
    private let limit = RequestLimit(zone: 0, rate: 1, burst: 0, delay: 0)

    private func knows(_ zone: Zone, _ key: String) -> Bool {
        zone.excess(of: Array(key.utf8).span, limit, nowMs: 0, counts: false) > 0
    }

    @Test func unchangedZoneIsKept() throws {
        let old = try ZoneSet.open([first], keeping: [])
        #expect(!knows(old[0], "x"))
        _ = old[0].count(Array("x".utf8).span, limit, nowMs: 0)
        let other = ZonePlan(kind: .connections, name: "b", size: 32768, keyText: "$host")
        let new = try ZoneSet.open([other, first], keeping: old)
        #expect(new.map(\.plan.name) == ["b", "a"])
        #expect(knows(new[1], "x"))
    }

    private static let changed = [
        ZonePlan(kind: .requests, name: "a", size: 65536, keyText: "$uri"),
        ZonePlan(kind: .requests, name: "b", size: 32768, keyText: "$uri"),
        ZonePlan(kind: .connections, name: "a", size: 32768, keyText: "$uri"),
    ]

    @Test(arguments: changed)
    func changedZoneStartsEmpty(plan: ZonePlan) throws {
        let old = try ZoneSet.open([first], keeping: [])
        _ = old[0].count(Array("x".utf8).span, limit, nowMs: 0)
        let new = try ZoneSet.open([plan], keeping: old)
        #expect(new[0].withTable { $0.count } == 0)
    }

    @Test(arguments: [
        (ZonePlan.Kind.requests, "limit_req \"a\" uses the \"$uri\" key "),
        (.connections, "limit_conn_zone \"a\" uses the \"$uri\" key "),
    ])
    func changedKeyIsError(kind: ZonePlan.Kind, words: String) throws {
        let old = try ZoneSet.open(
            [ZonePlan(kind: kind, name: "a", size: 32768, keyText: "$host")], keeping: [])
        let error = #expect(throws: GenerationError.self) {
            _ = try ZoneSet.open(
                [ZonePlan(kind: kind, name: "a", size: 32768, keyText: "$uri")], keeping: old)
        }
        #expect(error?.lines == [words + "while previously it used the \"$host\" key"])
    }

    @Test func missingMemoryIsError() {
        let error = #expect(throws: GenerationError.self) {
            _ = try ZoneSet.open(
                [ZonePlan(kind: .requests, name: "a", size: 1 << 60, keyText: "$uri")],
                keeping: [])
        }
        #expect(error?.lines.first?.hasSuffix("for the shared memory zone \"a\"") == true)
    }
}
