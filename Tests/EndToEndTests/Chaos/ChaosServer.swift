import Foundation
import Glibc
import Testing

/// The server that is disturbed, in the background: apus or nginx.
final class ChaosServer {
    let daemon: DaemonServer
    /// Logs that were moved away, with their final size.
    var rotated: [String: Int] = [:]
    /// The number of workers in its configuration.
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

    /// Writes another configuration, for the next HUP.
    func write(workers: Int? = nil, option: String = "", extra: String = "") throws {
        self.workers = workers ?? self.workers
        try daemon.rewrite(
            Self.configuration(workers: self.workers, option: option, extra: extra))
    }

    func master() throws -> pid_t { try waitForValue("a master") { daemon.master() } }

    var currentWorkers: [pid_t] { daemon.master().map { daemon.children(of: $0) } ?? [] }

    /// Waits until only the workers of the last configuration are left.
    func waitForWorkers(_ whose: pid_t? = nil) throws {
        try waitFor("\(workers) workers: \(daemon.errorLog.suffix(2000))", seconds: 60) {
            guard let master = whose ?? daemon.master() else { return false }
            return daemon.children(of: master).count == workers
        }
    }

    /// Reloads, and waits until new workers serve.
    func reload() throws {
        let before = Set(currentWorkers)
        kill(try master(), SIGHUP)
        try waitFor("the workers of the reload: \(daemon.errorLog.suffix(2000))", seconds: 60) {
            Set(currentWorkers).subtracting(before).count >= workers
        }
    }

    /// The remaining processes of its session.
    var processes: [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { process in
            guard let text = try? readText("/proc/\(process)/stat"),
                let words = text.components(separatedBy: ") ").last?.split(separator: " ")
            else { return false }
            return words[0] != "Z" && words[3] == "\(daemon.first)"
        }
    }

    /// Returns the lines of all of its access logs, with the number of times that each occurs.
    func loggedLines() throws -> [String: Int] {
        var lines: [String: Int] = [:]
        let names = try FileManager.default.contentsOfDirectory(atPath: daemon.directory.path)
        for name in names where name.hasPrefix("access.log") {
            for line in try readText(daemon.directory.path + "/" + name).split(separator: "\n") {
                lines[String(line), default: 0] += 1
            }
        }
        return lines
    }
}

/// Returns the size of a file; -1 if it does not exist.
func fileSize(_ path: String) -> Int {
    var facts = stat()
    return unsafe stat(path, &facts) == 0 ? Int(facts.st_size) : -1
}
