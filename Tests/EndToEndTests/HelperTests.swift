import Foundation
import Glibc
import Testing

/// Slow password hashes, which the helper process checks.
@Suite(.enabled(if: Product.isApus)) struct HelperTests {
    /// A hash whose check takes half a second or more.
    private static let slow = "$6$rounds=999999$saltsalt$"

    private func server(_ more: String = "", workers: Int = 1) throws -> TestServer {
        try TestServer(
            "location / { auth_basic r; auth_basic_user_file DIR/users; } \(more)",
            workers: workers, files: ["a": "A", "open/a": "open"])
    }

    private func write(_ server: TestServer, _ text: String) throws {
        try text.write(
            toFile: server.directory.path + "/users", atomically: false, encoding: .utf8)
    }

    private func helper(of server: TestServer) throws -> pid_t {
        let start = "start helper process "
        try server.waitForError(start)
        let line = server.errorLog.components(separatedBy: start).last ?? ""
        return try #require(pid_t(line.components(separatedBy: "\n")[0]))
    }

    private static let right = DirectiveGroup.basic("ann:secret")
    /// A fast hash of `secret`.
    private static let quick = "ann:$1$saltsalt$9xy1btjgzLYfb7hivXtC//\n"

    @Test func otherRequestsContinueDuringSlowCheck() throws {
        let server = try server("location /open/ { }")
        try write(server, "ann:\(Self.slow)x\n")
        let waiting = try (0..<6).map { number in
            let client = try server.connect()
            try client.request("GET /a HTTP/1.1", [DirectiveGroup.basic("ann:\(number)")])
            return client
        }
        // Six checks take seconds; a worker that did them itself would respond only afterwards.
        for _ in 0..<20 { #expect(try server.fetch("/open/a").status == 200) }
        #expect(waiting.contains { $0.isQuiet }, "all six were checked first")
        for client in waiting { #expect(try client.response(to: "GET").status == 401) }
    }

    @Test func verifiedPasswordIsCached() throws {
        let server = try server()
        try write(server, Self.quick)
        #expect(try server.fetch("/a", [Self.right]).text == "A")
        // While the helper is stopped, a verified password is accepted from the cache, and others
        // wait.
        kill(try helper(of: server), SIGSTOP)
        #expect(try server.fetch("/a", [Self.right]).text == "A")
        let client = try server.connect()
        try client.request("GET /a HTTP/1.1", [DirectiveGroup.basic("ann:x")])
        #expect(try server.fetch("/a").status == 401)
        kill(try helper(of: server), SIGCONT)
        #expect(try client.response(to: "GET").status == 401)
    }

    @Test func changedPasswordFileIsCheckedAgain() throws {
        let server = try server()
        try write(server, Self.quick)
        #expect(try server.fetch("/a", [Self.right]).text == "A")
        try write(server, "ann:$1$saltsalt$AnotherHashxxxxxxxxxxx\n")
        #expect(try server.fetch("/a", [Self.right]).status == 401)
        try write(server, "bob:{PLAIN}x\n")
        #expect(try server.fetch("/a", [Self.right]).status == 401)
    }

    @Test func deadHelperIsReplacedAndJobRepeated() throws {
        let server = try server()
        server.mayLoseWorkers = true
        try write(server, Self.quick)
        let first = try helper(of: server)
        kill(first, SIGSTOP)
        let client = try server.connect()
        try client.request("GET /a HTTP/1.1", [Self.right])
        // The check was sent once a later request got its response.
        #expect(try server.fetch("/a").status == 401)
        kill(first, SIGKILL)
        #expect(try client.response(to: "GET").status == 200)
        #expect(try helper(of: server) != first)
    }

    @Test func disconnectCancelsPendingCheck() throws {
        let server = try server()
        try write(server, "ann:\(Self.slow)x\n")
        for number in 0..<50 {
            let client = try server.connect()
            try client.request("GET /a HTTP/1.1", [DirectiveGroup.basic("ann:\(number)")])
        }
        // A few of the fifty checks were sent; the others were cancelled with their clients.
        try server.waitForAccess(" 499 ", times: 50)
        try write(server, Self.quick)
        #expect(try server.fetch("/a", [Self.right]).status == 200)
    }

    /// The request gets an error after its time limit, and later ones another helper.
    @Test func stoppedHelperIsReplaced() throws {
        let server = try server("location /open/ { }")
        server.mayLoseWorkers = true
        try write(server, Self.quick)
        let first = try helper(of: server)
        kill(first, SIGSTOP)
        let clients = try (0..<3).map { number in
            let client = try server.connect()
            try client.request("GET /a HTTP/1.1", [DirectiveGroup.basic("ann:\(number)")])
            return client
        }
        #expect(try server.fetch("/open/a").status == 200)
        // Two checks were sent; the third one waits for the next helper.
        let statuses = try clients.map { try $0.response(seconds: 120).status }
        #expect(statuses == [500, 500, 401])
        try waitFor("the first helper process to exit") { hasEnded(first) }
        #expect(try helper(of: server) != first)
        #expect(try server.fetch("/a", [Self.right]).text == "A")
    }

    /// The number of pending checks is limited; cancelled ones make room.
    @Test func excessPasswordChecksOfClientGet503() throws {
        let server = try server()
        try write(server, Self.quick)
        let most = 64
        let helper = try helper(of: server)
        kill(helper, SIGSTOP)
        defer { kill(helper, SIGCONT) }
        func sendRequest(_ number: Int) throws -> RawClient {
            let client = try server.connect()
            try client.request("GET /a HTTP/1.1", [DirectiveGroup.basic("ann:\(number)")])
            return client
        }
        let waiting = try (0..<most).map { try sendRequest($0) }
        for number in most..<most + 20 {
            #expect(try sendRequest(number).response().status == 503)
        }
        try server.waitForError("too many password checks are pending")
        for client in waiting.suffix(10) { client.close() }
        try server.waitForAccess(" 499 ", times: 10)
        let later = try (100..<110).map { try sendRequest($0) }
        #expect(try sendRequest(200).response().status == 503)
        kill(helper, SIGCONT)
        for client in waiting.dropLast(10) + later {
            #expect(try client.response().status == 401)
        }
    }

    @Test func helperExitsOnReloadAndShutdown() throws {
        let server = try server()
        try write(server, Self.quick)
        let first = try helper(of: server)
        #expect(try server.fetch("/a", [Self.right]).status == 200)
        kill(server.pid, SIGHUP)
        try waitFor("the old helper to exit") { hasEnded(first) }
        let second = try helper(of: server)
        #expect(second != first)
        #expect(try server.fetch("/a", [Self.right]).status == 200)
        try server.end()
        try waitFor("the second helper process to exit") { hasEnded(second) }
        #expect(!server.errorLog.contains("exited on signal"))
    }

    @Test func singleProcessChecksPasswordsItself() throws {
        let server = try TestServer(
            "auth_basic r; auth_basic_user_file DIR/users;", main: "master_process off;",
            files: ["a": "A"])
        try write(server, Self.quick)
        #expect(try server.fetch("/a", [Self.right]).text == "A")
        #expect(try server.fetch("/a", [DirectiveGroup.basic("ann:x")]).status == 401)
    }
}
