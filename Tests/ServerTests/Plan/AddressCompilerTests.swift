import Testing

@testable import Server

@Suite struct AddressCompilerTests {
    @Test func addressesShareWildcardSocket() throws {
        let plan = try plan(
            ofHTTP: """
                server { listen 127.0.0.1:80; server_name loopback; }
                server { listen 80; server_name wildcard; }
                server { listen 10.0.0.1:80; server_name ten; }
                server { listen 127.0.0.1:81; server_name other-port; }
                server { listen [::1]:80; server_name six; }
                """)
        #expect(
            plan.listens.map(\.address.description)
                == ["0.0.0.0:80", "127.0.0.1:81", "[::1]:80"])
        #expect(
            plan.listens[0].specific.map(\.address.description)
                == ["127.0.0.1:80", "10.0.0.1:80"])
        #expect(plan.serverName(of: "x", at: plan.listens[0].servers) == "wildcard")
        #expect(plan.serverName(of: "x", at: plan.listens[0].specific[0].servers) == "loopback")
        #expect(plan.serverName(of: "x", at: plan.listens[0].specific[1].servers) == "ten")
        // A specific address has only its own servers, as in nginx.
        #expect(
            plan.serverName(of: "wildcard", at: plan.listens[0].specific[0].servers)
                == "loopback")
        #expect(plan.listens[1].specific.isEmpty)
    }

    @Test func addressWithOptionsIsBoundSeparately() throws {
        let plan = try plan(
            ofHTTP: """
                server { listen 80; }
                server { listen 127.0.0.1:80 bind; }
                server { listen 127.0.0.2:80 backlog=7; }
                """)
        #expect(
            plan.listens.map(\.address.description)
                == ["0.0.0.0:80", "127.0.0.1:80", "127.0.0.2:80"])
        #expect(plan.listens.map(\.options.backlog) == [511, 511, 7])
    }

    @Test func wildcardOfOtherFamilyIsNotShared() throws {
        let plan = try plan(
            ofHTTP: "server { listen [::]:80; } server { listen 127.0.0.1:80; listen [::1]:80; }")
        #expect(plan.listens.map(\.address.description) == ["[::]:80", "127.0.0.1:80"])
        #expect(plan.listens[0].specific.map(\.address.description) == ["[::1]:80"])
    }

    @Test(arguments: [
        ("listen 80;", ListenOptions()),
        (
            "listen 80 backlog=1024 reuseport deferred;",
            options {
                $0.backlog = 1024
                $0.isReusePort = true
                $0.isDeferred = true
            }
        ),
        ("listen [::]:80 ipv6only=off;", options { $0.isIPv6Only = false }),
        ("listen 80; tcp_nodelay off;", options { $0.isNoDelay = false }),
        (
            "listen 80 rcvbuf=8k sndbuf=9k so_keepalive=on;",
            options {
                $0.receiveBuffer = 8192
                $0.sendBuffer = 9216
                $0.keepalive = SocketKeepalive()
            }
        ),
        ("listen unix:/run/x;", ListenOptions()),
    ])
    func optionsApplyToSocket(server: String, expected: ListenOptions) throws {
        #expect(try plan(ofHTTP: "server { \(server) }").listens[0].options == expected)
    }

    private static func options(_ set: (inout ListenOptions) -> Void) -> ListenOptions {
        var options = ListenOptions()
        set(&options)
        return options
    }

    @Test func serverWithoutListenUsesDefault() throws {
        let plan = try plan(ofHTTP: "server { }")
        #expect(["0.0.0.0:80", "0.0.0.0:8000"].contains(plan.listens[0].address.description))
        #expect(plan.listens.count == 1)
    }
}
