import Linux

/// Notifications to the service manager that started this process: sd_notify(3), without its
/// library. A notification that cannot be sent is dropped: the manager has its own timeouts.
struct ServiceManager {
    private let socket: String
    /// The interval at which the manager expects a sign of life.
    private let watchdogMs: Int64?
    private var nextWatchdogMs: Int64 = 0

    /// Reads the environment. Returns nil if there is no service manager.
    init?(environment: (String) -> [UInt8]? = environmentValue) {
        func value(_ name: String) -> String? {
            environment(name).map { String(decoding: $0, as: UTF8.self) }
        }
        guard let socket = value("NOTIFY_SOCKET"), socket.hasPrefix("/") || socket.hasPrefix("@")
        else { return nil }
        self.socket = socket
        let isForUs = value("WATCHDOG_PID").map { Int32($0) == currentProcess() } ?? true
        let limit = value("WATCHDOG_USEC").flatMap { Int64($0) }
        // Twice within the time, as sd_watchdog_enabled(3) recommends.
        watchdogMs = isForUs ? limit.flatMap { $0 > 0 ? max(1, $0 / 2000) : nil } : nil
    }

    /// Notifies that the configuration is in force, and that this is the main process.
    func ready(_ status: String) {
        send(["READY=1", "MAINPID=\(currentProcess())", "STATUS=\(status)"])
    }

    /// Notifies that a reload begins; `ready` ends it.
    func reloading() {
        send(["RELOADING=1", "MONOTONIC_USEC=\(Clock.monotonicMicroseconds())"])
    }

    /// Notifies that the shutdown begins.
    func stopping() { send(["STOPPING=1", "STATUS=finishing requests"]) }

    /// The time of the next `tick`; nil for never.
    var nextDeadlineMs: Int64? { watchdogMs == nil ? nil : nextWatchdogMs }

    /// Sends the sign of life, if it is due.
    mutating func tick(nowMs: Int64) {
        guard let watchdogMs, nowMs >= nextWatchdogMs else { return }
        nextWatchdogMs = nowMs &+ watchdogMs
        send(["WATCHDOG=1"])
    }

    private func send(_ lines: [String]) {
        _ = DatagramCalls.notify(socket, lines.joined(separator: "\n"))
    }

    /// Returns the changes of the environment for a process that takes over.
    static func changes(for process: Int32) -> [String] {
        environmentValue("WATCHDOG_PID") == nil ? [] : ["WATCHDOG_PID=\(process)"]
    }
}
