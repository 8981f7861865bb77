import Foundation
import Glibc
import Testing

/// Returns the number of open descriptors of a process.
func descriptorCount(of pid: pid_t) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
}

/// Returns the open files of a process, named as in proc_pid_fd(5).
func openNames(of pid: pid_t) throws -> [String] {
    let directory = "/proc/\(pid)/fd"
    return try FileManager.default.contentsOfDirectory(atPath: directory).compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: directory + "/" + $0)
    }
}

/// Returns the living children of a master that have this name in apus; for nginx, all of them.
func children(of master: pid_t, named name: String) -> [pid_t] {
    let isNginx = (try? readText("/proc/\(master)/comm")) == "nginx\n"
    let list = (try? readText("/proc/\(master)/task/\(master)/children")) ?? ""
    return list.split(separator: " ").compactMap { pid_t($0) }.filter { child in
        let status = (try? readText("/proc/\(child)/stat")) ?? ""
        return !status.isEmpty && !status.contains(") Z ")
            && (isNginx || status.contains("(\(name))"))
    }
}

/// True if the process has exited, even if it is not reaped yet.
func hasEnded(_ process: pid_t) -> Bool {
    let status = (try? readText("/proc/\(process)/stat")) ?? ""
    return status.isEmpty || status.contains(") Z ")
}

/// Returns the workers of a master.
func workersOf(_ master: pid_t) -> [pid_t] { children(of: master, named: "apus-worker") }

/// Returns the inodes of the sockets that a process has open.
func socketInodes(of pid: pid_t) -> Set<String> {
    let sockets = ((try? openNames(of: pid)) ?? []).filter { $0.hasPrefix("socket:[") }
    return Set(sockets.map { String($0.dropFirst(8).dropLast()) })
}

/// Returns the inodes of established connections whose local end is 127.0.0.1 and `port`.
func establishedInodes(port: UInt16) throws -> Set<String> { try inodes(port: port, state: "01") }

/// Returns the inodes of sockets that listen on 127.0.0.1 and `port`.
func listeningInodes(port: UInt16) throws -> Set<String> { try inodes(port: port, state: "0A") }

private func inodes(port: UInt16, state: String) throws -> Set<String> {
    let near = String(format: "0100007F:%04X", Int(port))
    var inodes: Set<String> = []
    for line in try run("cat", ["/proc/net/tcp"]).output.split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        if words.count > 9 && words[1] == near && words[3] == state { inodes.insert(words[9]) }
    }
    return inodes
}

/// Returns the processor time that a process has used, in seconds.
func processorSeconds(of pid: pid_t) throws -> Double {
    let text = try readText("/proc/\(pid)/stat")
    let words = text.components(separatedBy: ") ").last?.split(separator: " ") ?? []
    guard words.count > 12, let user = Double(words[11]), let system = Double(words[12]) else {
        throw Response.Malformed(description: "stat of \(pid): \(text)")
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
}

/// Returns the private memory that a process has written to, in KiB (proc_pid_smaps(5)).
func privateDirtyKiB(of pid: pid_t) throws -> Int {
    try kibibytes("Private_Dirty", in: "/proc/\(pid)/smaps_rollup")
}

/// Returns the address space of a process in KiB, which RLIMIT_AS limits.
func addressSpaceKiB(of pid: pid_t) throws -> Int {
    try kibibytes("VmSize", in: "/proc/\(pid)/status")
}

private func kibibytes(_ name: String, in path: String) throws -> Int {
    let text = try readText(path)
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }) ?? []
    guard words.count == 3, let count = Int(words[1]) else {
        throw Response.Malformed(description: "\(name) of \(path): \(text)")
    }
    return count
}

/// Waits until a process sleeps; fails if it is woken repeatedly or never waits.
func waitForRest(of pid: pid_t, _ location: SourceLocation = #_sourceLocation) throws {
    var last: Int?
    var calm = 0
    try waitFor("process \(pid) to sleep", location) {
        let switches = try contextSwitchesWhenAsleep(of: pid)
        calm = switches != nil && switches == last ? calm + 1 : 0
        last = switches
        return calm == 5
    }
}

/// Returns the number of context switches of a process, or nil if it is not asleep. If the number
/// stays the same, it did not run in between.
private func contextSwitchesWhenAsleep(of pid: pid_t) throws -> Int? {
    let lines = try readText("/proc/\(pid)/status").split(separator: "\n")
    guard lines.contains(where: { $0.hasPrefix("State:\tS") }) else { return nil }
    return lines.filter { $0.contains("_ctxt_switches:") }
        .compactMap { $0.split(separator: "\t").last.flatMap { Int($0) } }.reduce(0, +)
}
