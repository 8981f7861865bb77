import Linux

/// The service manager that started this process, where it wants to be told how it goes:
/// sd_notify(3), without its library. What cannot be sent is lost: the manager has its timeouts.
struct ServiceManager {
    private let socket: String
    /// How often it wants to hear that the master is alive.
    private let watchdogMs: Int64?
    private var nextWatchdogMs: Int64 = 0

    /// nil where nobody wants to be told.
    init?(environment: (String) -> [UInt8]? = environmentValue) {
        func value(_ name: String) -> String? {
            environment(name).map { String(decoding: $0, as: UTF8.self) }
        }
        guard let socket = value("NOTIFY_SOCKET"), socket.hasPrefix("/") || socket.hasPrefix("@")
        else { return nil }
        self.socket = socket
        let isForUs = value("WATCHDOG_PID").map { Int32($0) == currentProcess() } ?? true
        let limit = value("WATCHDOG_USEC").flatMap { Int64($0) }
        // Twice within the time, as sd_watchdog_enabled(3) advises.
        watchdogMs = isForUs ? limit.flatMap { $0 > 0 ? max(1, $0 / 2000) : nil } : nil
    }

    /// All is in force; this process is the one to watch.
    func ready(_ status: String) {
        send(["READY=1", "MAINPID=\(currentProcess())", "STATUS=\(status)"])
    }

    /// A reload begins; `ready` ends it.
    func reloading() {
        send(["RELOADING=1", "MONOTONIC_USEC=\(Clock.monotonicMicroseconds())"])
    }

    /// The end begins.
    func stopping() { send(["STOPPING=1", "STATUS=finishing requests"]) }

    /// When `tick` is wanted; nil for never.
    var nextDeadlineMs: Int64? { watchdogMs == nil ? nil : nextWatchdogMs }

    /// The master is alive, said when it is time.
    mutating func tick(nowMs: Int64) {
        guard let watchdogMs, nowMs >= nextWatchdogMs else { return }
        nextWatchdogMs = nowMs &+ watchdogMs
        send(["WATCHDOG=1"])
    }

    private func send(_ lines: [String]) {
        _ = DatagramCalls.notify(socket, lines.joined(separator: "\n"))
    }

    /// What the environment of a process that takes over must say in place of ours.
    static func changes(for process: Int32) -> [String] {
        environmentValue("WATCHDOG_PID") == nil ? [] : ["WATCHDOG_PID=\(process)"]
    }
}
