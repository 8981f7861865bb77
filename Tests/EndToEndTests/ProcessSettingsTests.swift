import Foundation
import Glibc
import Testing

/// Settings of the main level as the kernel shows them for workers, and environment variables in
/// words.
@Suite struct ProcessSettingsTests {
    private func line(_ name: String, of path: String) throws -> String {
        let lines = try readText(path).split(separator: "\n")
        return lines.first { $0.hasPrefix(name) }.map(String.init) ?? ""
    }

    @Test func workerDirectoryAndLimitsAreApplied() throws {
        let server = try TestServer(
            main: """
                working_directory DIR/root; worker_rlimit_core 4096; worker_cpu_affinity 1;
                """)
        let worker = try settledWorker(of: server)
        let facts = "/proc/\(worker)"
        let directory = try? FileManager.default.destinationOfSymbolicLink(atPath: facts + "/cwd")
        #expect(directory == server.directory.root)
        #expect(try line("Max core file size", of: facts + "/limits").contains(" 4096 "))
        #expect(try line("Cpus_allowed_list:", of: facts + "/status").hasSuffix("\t0"))
        #expect(try line("Max core file size", of: "/proc/\(server.pid)/limits") != "")
    }

    @Test(.enabled(if: geteuid() == 0, "only root may have a priority"))
    func workerPriorityIsApplied() throws {
        let server = try TestServer(main: "worker_priority 3;")
        let worker = try settledWorker(of: server)
        let fields = try readText("/proc/\(worker)/stat").components(separatedBy: ") ").last
        #expect((fields ?? "").split(separator: " ")[16] == "3")
    }

    /// Returns the only worker, after its first response, when its setup is complete.
    private func settledWorker(of server: TestServer) throws -> pid_t {
        #expect(try server.fetch("/").status == 403)
        return try server.waitForWorkers(1)[0]
    }

    @Test func missingWorkingDirectoryStopsWorkers() throws {
        #expect(throws: (any Error).self) {
            _ = try TestServer(main: "working_directory DIR/none;").fetch("/")
        }
    }

    @Test func envDirectiveDoesNotChangeTimeZone() throws {
        let server = try TestServer(
            http: "log_format zone '[$time_local]'; access_log DIR/zone.log zone;",
            main: "env TZ=UTC-5; env PATH;", files: ["a": ""])
        _ = try server.fetch("/a")
        let line = try server.waitForLog("zone.log", "the line") { $0.contains("]") }
        #expect(!line.contains(" +0500]"), "\(line)")
    }

    @Test(.enabled(if: Product.isApus, "nginx has no such words"))
    func environmentVariablesAreReplacedInWords() throws {
        let configuration = TestServer.configuration(
            """
            location ${ENV:PLACE}/ { alias "${ENV:FOLDER}/"; }
            location /text { return 200 "${ENV:TEXT} ${ENV:NONE:-none of it}"; }
            """)
        let server = try TestServer(
            configuration: configuration, files: ["a b/c": "hello"],
            environment: ["PLACE=/there", "FOLDER=ROOT/a b", "TEXT=$uri; {\"x\"}"])
        #expect(try server.fetch("/there/c").text == "hello")
        // The value is text: no part of it is a variable or ends the directive.
        #expect(try server.fetch("/text").text == "$uri; {\"x\"} none of it")
    }
}
