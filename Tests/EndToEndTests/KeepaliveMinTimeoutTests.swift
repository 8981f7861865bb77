import Foundation
import Glibc
import Testing

/// keepalive_min_timeout: idle connections that must not be closed yet.
@Suite(.enabled(if: Product.isApus, "nginx has it since 1.27.4"))
struct KeepaliveMinTimeoutTests {
    /// Returns a connection that has had a response.
    private func idle(_ server: TestServer, _ path: String) throws -> RawClient {
        let client = try server.connect()
        try client.request("GET \(path) HTTP/1.1")
        #expect(try client.response().status == 200)
        return client
    }

    @Test func shutdownWaitsForMinTimeout() throws {
        let server = try TestServer(
            "location /kept { keepalive_min_timeout 60s; }", files: ["a": "", "kept/a": ""])
        let kept = try idle(server, "/kept/a")
        let other = try idle(server, "/a")
        server.process.signal(SIGQUIT)
        #expect(try other.isClosedByServer())
        #expect(kept.isQuiet)
        try kept.request("GET /a HTTP/1.1")
        #expect(try kept.response().status == 200)
        #expect(try server.process.waitForExit() == .code(0))
    }

    @Test(arguments: [false, true])
    func idleConnectionIsClosedAfterMinTimeout(hasHadResponse: Bool) throws {
        let server = try TestServer("keepalive_min_timeout 2s;", files: ["a": ""])
        let kept = try hasHadResponse ? idle(server, "/a") : server.connect()
        // A connection is accepted once a later one got its response.
        _ = try server.fetch("/a")
        let start = Date()
        server.process.signal(SIGQUIT)
        #expect(try kept.isClosedByServer())
        #expect(Date().timeIntervalSince(start) > 1.5)
        #expect(try server.process.waitForExit() == .code(0))
    }
}
