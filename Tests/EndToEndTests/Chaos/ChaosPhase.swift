import Foundation
import Glibc
import Testing

/// A kind of disturbance, which happens several times.
struct ChaosPhase {
    let name: String
    let rounds: Int
    /// True if every client may lose its connection with the current request each time.
    var mayLose = false
    /// The number of requests that a client may lose per round: when connections run short, those
    /// that wait for a request are closed each time that others are accepted.
    var lossesEach = 1
    let act: (ChaosServer, Int) throws -> Void

    static func all(_ scale: Double) -> [ChaosPhase] {
        func times(_ usual: Int) -> Int { max(1, Int((Double(usual) * scale).rounded())) }
        return [
            ChaosPhase(name: "nothing", rounds: times(5)) { _, _ in usleep(100_000) },
            ChaosPhase(name: "reload", rounds: times(30)) { server, _ in try server.reload() },
            ChaosPhase(name: "20 reloads in 0.2 s", rounds: times(2)) { server, _ in
                for _ in 0..<20 {
                    kill(try server.master(), SIGHUP)
                    usleep(10_000)
                }
                try server.waitForWorkers()
            },
            ChaosPhase(name: "an invalid configuration on HUP", rounds: times(10), act: badReload),
            ChaosPhase(name: "number of workers changed", rounds: times(8)) { server, round in
                try server.write(workers: 1 + round % 4)
                try server.reload()
            },
            ChaosPhase(name: "a listener added and removed", rounds: times(10)) { server, round in
                let extra = round % 2 == 0 ? "listen 127.0.0.1:PORT2;" : ""
                try server.write(workers: 2, extra: extra)
                try server.reload()
            },
            ChaosPhase(name: "reuseport, 4 workers and 1", rounds: times(8), act: spread),
            ChaosPhase(name: "logs moved, USR1", rounds: times(30), act: rotate),
            ChaosPhase(name: "USR1 50 times in 0.1 s", rounds: times(2)) { server, _ in
                for _ in 0..<50 {
                    kill(try server.master(), SIGUSR1)
                    usleep(2000)
                }
            },
            ChaosPhase(name: "upgrade", rounds: times(3), act: upgrade),
            ChaosPhase(name: "upgrade and rollback", rounds: times(2), act: rollBack),
            ChaosPhase(
                name: "connections run out", rounds: times(3), mayLose: true, lossesEach: 4,
                act: crowd),
            ChaosPhase(
                name: "descriptors run out", rounds: times(3), mayLose: true, lossesEach: 4,
                act: exhaust),
            ChaosPhase(name: "a worker stopped for 0.3 s", rounds: times(4)) { server, _ in
                let worker = try waitForValue("a worker") { server.currentWorkers.first }
                kill(worker, SIGSTOP)
                usleep(300_000)
                kill(worker, SIGCONT)
            },
            ChaosPhase(name: "a worker killed, -9", rounds: times(4), mayLose: true) { server, _ in
                try lose(server, SIGKILL)
            },
            ChaosPhase(name: "a worker killed, -SEGV", rounds: times(3), mayLose: true) {
                server, _ in
                try lose(server, SIGSEGV)
            },
        ]
    }

    private static func badReload(_ server: ChaosServer, _ round: Int) throws {
        let before = server.daemon.errorLog.components(separatedBy: "[emerg]").count
        try server.daemon.rewrite(round % 2 == 0 ? "nonsense;" : "events { } http { server {")
        kill(try server.master(), SIGHUP)
        try server.daemon.waitForError("[emerg]", times: before)
        try server.write()
    }

    /// Each reload has another number of sockets.
    private static func spread(_ server: ChaosServer, _ round: Int) throws {
        try server.write(workers: round % 2 == 0 ? 4 : 1, option: "reuseport")
        try server.reload()
    }

    private static func rotate(_ server: ChaosServer, _ round: Int) throws {
        let log = server.daemon.directory.path + "/access.log"
        let aside = "\(log).\(UUID().uuidString)"
        guard unsafe rename(log, aside) == 0 else { throw SystemFailure("rename") }
        kill(try server.master(), SIGUSR1)
        try waitFor("the new log") { unsafe access(log, F_OK) == 0 }
        // After the last line, no line may follow.
        var size = -1
        try waitFor("the last line in the old file") {
            defer { size = fileSize(aside) }
            usleep(100_000)
            return size == fileSize(aside)
        }
        server.rotated[aside] = size
    }

    private static func upgrade(_ server: ChaosServer, _ round: Int) throws {
        let old = try server.master()
        let new = try server.daemon.upgrade()
        try server.waitForWorkers(new)
        kill(old, SIGWINCH)
        try waitFor("the old workers to exit") { server.daemon.children(of: old).isEmpty }
        kill(old, SIGQUIT)
        try waitFor("the old master to exit") {
            server.daemon.master(".oldbin") == nil && hasEnded(old)
        }
    }

    private static func rollBack(_ server: ChaosServer, _ round: Int) throws {
        let old = try server.master()
        let new = try server.daemon.upgrade()
        try server.waitForWorkers(new)
        kill(old, SIGWINCH)
        try waitFor("the old workers to exit") { server.daemon.children(of: old).isEmpty }
        kill(old, SIGHUP)
        try server.waitForWorkers(old)
        kill(new, SIGQUIT)
        try waitFor("the pid file to be the old one's") { server.daemon.master() == old }
    }

    /// More clients than connections: those that have waited longest for their next request are
    /// closed.
    private static func crowd(_ server: ChaosServer, _ round: Int) throws {
        var idle: [RawClient] = []
        for _ in 0..<150 {
            guard let client = try? RawClient(.ipv4(server.daemon.port)) else { continue }
            try? client.request("GET /quiet/small.txt HTTP/1.1")
            idle.append(client)
        }
        stay()
        for client in idle { client.close() }
    }

    /// The other clients must stay for a while to have an effect.
    private static func stay() { usleep(300_000) }

    /// No worker can open more than ten more descriptors, and there are sixty more clients.
    private static func exhaust(_ server: ChaosServer, _ round: Int) throws {
        let workers = server.currentWorkers
        for worker in workers {
            let limit = try descriptorCount(of: worker) + 10
            _ = try run("prlimit", ["--pid", "\(worker)", "--nofile=\(limit):"])
        }
        var idle: [RawClient] = []
        for _ in 0..<60 {
            guard let client = try? RawClient(.ipv4(server.daemon.port)) else { continue }
            try? client.send("G")
            idle.append(client)
        }
        stay()
        for client in idle { client.close() }
        for worker in workers {
            _ = try run("prlimit", ["--pid", "\(worker)", "--nofile=1024:"])
        }
    }

    private static func lose(_ server: ChaosServer, _ signal: Int32) throws {
        // A worker that has lived for a second is replaced at once.
        usleep(1_100_000)
        let worker = try waitForValue("a worker") { server.currentWorkers.first }
        kill(worker, signal)
        try waitFor("its end") { !server.currentWorkers.contains(worker) }
        try server.waitForWorkers()
    }
}
