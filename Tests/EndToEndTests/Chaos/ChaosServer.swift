import Foundation
import Glibc
import Testing

/// A server in the background to which things happen: apus or nginx.
final class ChaosServer {
    let daemon: DaemonServer
    /// Logs that were moved away, with their bytes when nothing more was to come.
    var rotated: [String: Int] = [:]
    /// How many workers its configuration asks for.
    private(set) var workers = 2

    static let files: [String: Fixture] = [
        "small.txt": .text("a small file\n"), "page.html": .pattern(10_000),
        "picture.png": .pattern(200_000),
    ]

    init(_ binary: String) throws {
        daemon = try DaemonServer(
            configuration: Self.configuration(workers: 2), files: Self.files
        ) { _ in binary }
        try waitForWorkers()
    }

    private static func configuration(
        workers: Int, option: String = "", extra: String = ""
    ) -> String {
        """
        daemon on;
        worker_processes \(workers);
        pid DIR/server.pid;
        error_log DIR/error.log notice;
        events { worker_connections 64; }
        http {
            types { text/plain txt; text/html html; image/png png; }
            log_format name '$request_uri';
            access_log DIR/access.log name;
            server {
                listen 127.0.0.1:PORT \(option);
                \(extra)
                root ROOT;
                location /quiet/ { alias ROOT/; access_log off; }
            }
        }

        """
    }

    /// Another configuration, for the next HUP.
    func write(workers: Int? = nil, option: String = "", extra: String = "") throws {
        self.workers = workers ?? self.workers
        try daemon.rewrite(
            Self.configuration(workers: self.workers, option: option, extra: extra))
    }

    func master() throws -> pid_t { try waitForValue("a master") { daemon.master() } }

    var currentWorkers: [pid_t] { daemon.master().map { daemon.children(of: $0) } ?? [] }

    /// Until nobody is there but the workers of the last configuration.
    func waitForWorkers(_ whose: pid_t? = nil) throws {
        try waitFor("\(workers) workers: \(daemon.errorLog.suffix(2000))", seconds: 60) {
            guard let master = whose ?? daemon.master() else { return false }
            return daemon.children(of: master).count == workers
        }
    }

    /// HUP, until workers that were not there serve.
    func reload() throws {
        let before = Set(currentWorkers)
        kill(try master(), SIGHUP)
        try waitFor("the workers of the reload: \(daemon.errorLog.suffix(2000))", seconds: 60) {
            Set(currentWorkers).subtracting(before).count >= workers
        }
    }

    /// The processes of its session that are still there.
    var processes: [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { process in
            guard let text = try? readText("/proc/\(process)/stat"),
                let words = text.components(separatedBy: ") ").last?.split(separator: " ")
            else { return false }
            return words[0] != "Z" && words[3] == "\(daemon.first)"
        }
    }

    /// What is written in all of its access logs: how often each line.
    func loggedLines() throws -> [String: Int] {
        var lines: [String: Int] = [:]
        let names = try FileManager.default.contentsOfDirectory(atPath: daemon.folder.path)
        for name in names where name.hasPrefix("access.log") {
            for line in try readText(daemon.folder.path + "/" + name).split(separator: "\n") {
                lines[String(line), default: 0] += 1
            }
        }
        return lines
    }
}

/// Bytes of a file; -1 when there is none.
func fileSize(_ path: String) -> Int {
    var facts = stat()
    return unsafe stat(path, &facts) == 0 ? Int(facts.st_size) : -1
}
