import Configuration
import Testing

@testable import Server

/// The parameters of `listen`.
@Suite struct ListenDirectivesTests {
    private func options(_ parameters: String) throws -> ListenOptions {
        let plan = try plan(ofHTTP: "server { listen \(parameters); }")
        return try #require(plan.listens.first).options
    }

    @Test func portRangeIsSeveralAddresses() throws {
        let plan = try plan(
            ofHTTP: """
                server { listen 8000-8002 backlog=7; server_name a; }
                server { listen 127.0.0.1:8001; listen 8002 default_server; server_name b; }
                """)
        #expect(plan.listens.map(\.address.description) == (8000...8002).map { "0.0.0.0:\($0)" })
        #expect(plan.listens.map(\.options.backlog) == [7, 7, 7])
        #expect(plan.listens[1].specific.map(\.address.description) == ["127.0.0.1:8001"])
        #expect(plan.serverName(of: "x", at: plan.listens[2].servers) == "b")
    }

    @Test func manyPortsAreFast() throws {
        let plan = try plan(ofHTTP: "server { listen 1-20000; listen 127.0.0.1:1-20000; }")
        #expect(plan.listens.count == 20_000)
        #expect(plan.listens.allSatisfy { $0.specific.count == 1 })
    }

    @Test func socketOptionsAreParsed() throws {
        #expect(try options("80") == ListenOptions())
        let all = try options(
            "[::]:80 bind deferred reuseport ipv6only=off backlog=9 rcvbuf=64k sndbuf=1m "
                + "fastopen=5 so_keepalive=30m::10 accept_filter=httpready http2")
        #expect(all.isDeferred && all.isReusePort && !all.isIPv6Only && all.backlog == 9)
        #expect(all.receiveBuffer == 65536 && all.sendBuffer == 1 << 20 && all.fastOpenQueue == 5)
        let keepalive = try #require(all.keepalive)
        #expect(keepalive.isOn && keepalive.idleSeconds == 1800 && keepalive.count == 10)
        #expect(keepalive.intervalSeconds == 0)
        #expect(try options("80 so_keepalive=on").keepalive == SocketKeepalive())
        #expect(try options("80 so_keepalive=off").keepalive?.isOn == false)
    }

    @Test func defaultServerHasTwoSpellings() throws {
        for word in ["default", "default_server"] {
            let plan = try plan(
                ofHTTP: """
                    server { listen 80; server_name a; }
                    server { listen 80 \(word); server_name b; }
                    """)
            #expect(plan.serverName(of: "x", at: plan.listens[0].servers) == "b")
        }
    }

    @Test func proxyProtocolAppliesToAddress() throws {
        let plan = try plan(
            ofHTTP: """
                server { listen 80; listen 127.0.0.1:80; }
                server { listen 127.0.0.1:80 proxy_protocol; listen 81 proxy_protocol; }
                server { listen 81; }
                """)
        func reads(_ address: Int32) -> Bool { plan.addresses[Int(address)].readsProxyHeader }
        #expect(plan.listens.map { reads($0.servers) } == [false, true])
        #expect(plan.listens[0].specific.map { reads($0.servers) } == [true])
    }

    @Test(arguments: [
        ("80 backlog=0", "invalid backlog \"backlog=0\""),
        ("80 backlog=-1", "invalid backlog \"backlog=-1\""),
        ("80 backlog=x", "invalid backlog \"backlog=x\""),
        ("80 rcvbuf=", "invalid rcvbuf \"rcvbuf=\""), ("80 sndbuf=1x", "invalid sndbuf"),
        ("80 fastopen=-1", "invalid fastopen"), ("80 so_keepalive=", "invalid so_keepalive"),
        ("80 so_keepalive=::", "invalid so_keepalive"),
        ("80 so_keepalive=1:2", "invalid so_keepalive"),
        ("80 so_keepalive=0:0:0", "invalid so_keepalive"),
        ("80 so_keepalive=a:1:1", "invalid so_keepalive"),
        ("[::]:80 ipv6only=maybe", "invalid ipv6only \"ipv6only=maybe\""),
        ("80 ipv6only=on", "ipv6only is not supported on addr \"0.0.0.0:80\""),
        ("80 ipv6=on", "invalid parameter \"ipv6=on\""), ("80 nonsense", "invalid parameter"),
        ("80 setfib=1", "invalid parameter \"setfib=1\""),
        ("80; listen 80", "a duplicate listen 0.0.0.0:80"),
        ("8000-8002; listen 8001", "a duplicate listen 0.0.0.0:8001"),
        ("80 bind; } server { listen 80 bind", "duplicate listen options for 0.0.0.0:80"),
        ("80 default; } server { listen 80 default", "a duplicate default server for 0.0.0.0:80"),
    ])
    func errorsAreNginxs(parameters: String, message: String) {
        let outcome = loaded("events { } http { server { listen \(parameters); } }")
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains(message), "\(outcome.report)")
    }
}
