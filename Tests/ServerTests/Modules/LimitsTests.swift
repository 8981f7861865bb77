import Testing

@testable import Server

/// The compiled plan of limit directives.
@Suite struct LimitPlanTests {
    private let zones = """
        limit_req_zone $host zone=s:1m rate=5r/s; limit_req_zone $host zone=m:1m rate=1r/m;
        limit_req_zone $host zone=bare:1m rate=7; limit_conn_zone $uri zone=c:32k;
        """

    private func limits(_ text: String) throws -> (Plan, LimitPlan?) {
        let plan = try plan(ofHTTP: "\(zones) server { \(text) }")
        let location = plan.settings(of: "/")
        #expect(location.features.contains(.limits) == (location.limits >= 0))
        return (plan, location.limits >= 0 ? plan.limits[Int(location.limits)] : nil)
    }

    @Test(arguments: [
        ("zone=s", RequestLimit(zone: 0, rate: 5000, burst: 0, delay: 0)),
        ("zone=m burst=3", RequestLimit(zone: 1, rate: 16, burst: 3000, delay: 0)),
        ("zone=bare", RequestLimit(zone: 2, rate: 7000, burst: 0, delay: 0)),
        ("burst=3 zone=s delay=2", RequestLimit(zone: 0, rate: 5000, burst: 3000, delay: 2000)),
        (
            "zone=s burst=3 nodelay",
            RequestLimit(zone: 0, rate: 5000, burst: 3000, delay: RequestRate.maxExcess)
        ),
        (
            "zone=s burst=9223372036854775807",
            RequestLimit(zone: 0, rate: 5000, burst: RequestRate.maxExcess, delay: 0)
        ),
    ])
    func requestsInThousandths(text: String, limit: RequestLimit) throws {
        let (_, limits) = try limits("limit_req \(text);")
        #expect(try #require(limits).requests.map { $0 } == [limit])
    }

    @Test(arguments: [
        ("", LogLevel.error, LogLevel.warn), ("info", .info, .info), ("notice", .notice, .info),
        ("warn", .warn, .notice), ("error", .error, .warn),
    ])
    func delaysAreLoggedOneLevelLower(name: String, level: LogLevel, delay: LogLevel) throws {
        let directive = name.isEmpty ? "" : "limit_req_log_level \(name);"
        let limits = try #require(try limits("limit_req zone=s; \(directive)").1)
        #expect(limits.requestLevel == level)
        #expect(limits.delayLevel == delay)
    }

    @Test func defaultsAreNginxs() throws {
        let (plan, limits) = try limits("limit_conn c 5;")
        let found = try #require(limits)
        #expect(found.connectionStatus == 503 && found.requestStatus == 503)
        #expect(found.connectionLevel == .error)
        #expect(!found.isConnectionDryRun && !found.isRequestDryRun)
        #expect(found.requests.isEmpty)
        #expect(found.connections.map { [Int64($0.zone), $0.maximum] } == [[3, 5]])
        #expect(plan.zones.map(\.size) == [1 << 20, 1 << 20, 1 << 20, 32768])
        #expect(try self.limits("").1 == nil)
    }

    @Test(arguments: [
        ("", -1, 0, 0), ("limit_rate 0;", -1, 0, 0), ("limit_rate 1k;", 0, 1024, 0),
        ("limit_rate 1k; limit_rate_after 1m;", 0, 1024, 1 << 20),
        ("limit_rate_after 1m;", -1, 0, 0),
    ])
    func rates(text: String, index: Int32, rate: Int64, after: Int64) throws {
        let plan = try plan(ofServer: text)
        let location = plan.settings(of: "/")
        #expect(location.rate == index)
        #expect(location.features.contains(.limitsRate) == (index >= 0))
        guard index >= 0 else { return }
        #expect(plan.rates[0].bytesPerSecond == rate)
        #expect(plan.rates[0].afterBytes == after)
        #expect(plan.rates[0].rateTemplate == -1)
    }

    @Test func assignedRateNeedsNoDirective() throws {
        let plan = try plan(ofServer: "location /a { set $limit_rate 1k; }")
        #expect(plan.settings(of: "/a").features.contains(.limitsRate))
    }

    @Test(arguments: [
        ("", false), ("location /s { stub_status; }", true),
        ("location /s { return 200 $connections_active; }", true),
    ])
    func connectionsAreCountedIfUsed(text: String, counts: Bool) throws {
        #expect(try plan(ofServer: text).countsConnections == counts)
    }
}
