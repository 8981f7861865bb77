import Foundation
import Glibc
import Testing

/// The command lines that ps(1), top(1) and `systemctl status` show of the processes.
@Suite(.enabled(if: Product.isApus)) struct ProcessTitleTests {
    private func titles(of master: pid_t) throws -> Set<String> {
        Set(try children(of: master).map(title))
    }

    private func title(of process: pid_t) throws -> String {
        try run("ps", ["-o", "args=", "-p", String(process)]).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func children(of master: pid_t) throws -> [pid_t] {
        try readText("/proc/\(master)/task/\(master)/children").split(separator: " ")
            .compactMap { pid_t($0) }
    }

    private func masterTitle(_ server: DaemonServer) -> String {
        let arguments = [Product.binary] + TestServer.commandLine(server.directory)
        return "apus: master process " + arguments.joined(separator: " ")
    }

    private static let all: Set = [
        "apus: worker process", "apus: logger process", "apus: helper process",
    ]

    @Test func processTitleShowsRole() throws {
        let server = try DaemonServer("gzip on;", files: ["a.html": "hello"])
        #expect(try title(of: server.first) == masterTitle(server))
        try waitFor("all titles") { try titles(of: server.first) == Self.all }
    }

    @Test func upgradedMasterHasOwnTitle() throws {
        let server = try DaemonServer("gzip on;", files: ["a.html": "hello"])
        let new = try server.upgrade()
        #expect(try title(of: new) == masterTitle(server))
        try waitFor("all titles") { try titles(of: new).isSuperset(of: Self.all) }
        #expect(try server.fetch("/a.html").text == "hello")
    }

    @Test func drainingWorkerTitleSaysShuttingDown() throws {
        let server = try DaemonServer("keepalive_min_timeout 60s;", files: ["a": "hello"])
        let client = try RawClient(.ipv4(server.port), of: server)
        try client.request("GET /a HTTP/1.1")
        #expect(try client.response().text == "hello")
        kill(server.first, SIGQUIT)
        try waitFor("the title") {
            try titles(of: server.first).contains("apus: worker process is shutting down")
        }
    }

    /// The title overwrites the memory of the command line; the environment stays readable.
    @Test func environmentIsReadAfterTheTitleIsSet() throws {
        let server = try DaemonServer(
            configuration: TestServer.configuration(
                "location = /e { return 200 \"${ENV:PATH}\"; }",
                workers: 1
            ).replacingOccurrences(of: "daemon off;", with: "daemon on;"),
            files: [:], binary: { _ in Product.binary })
        let before = try server.fetch("/e").text
        #expect(!before.isEmpty)
        let old = try #require(try children(of: server.first).first)
        kill(server.first, SIGHUP)
        try waitFor("new workers") { try !children(of: server.first).contains(old) }
        #expect(try server.fetch("/e").text == before)
    }
}
