import Linux

/// The listening sockets that this process inherited: from the master that it takes over from
/// (USR2), or from a service manager (sd_listen_fds(3)).
///
/// A master passes descriptor numbers on as nginx does, each followed by `;`, in `APUS`; by `:` if
/// a service manager has the socket too. nginx's own `NGINX` is understood, so that this binary can
/// replace a running nginx.
struct InheritedSockets {
    /// The sockets, one element for each address.
    private(set) var sockets: [ListeningSocket] = []
    /// The master that this one takes over from; nil after a normal start.
    private(set) var predecessor: Int32?
    /// Problems that do not prevent a start.
    private(set) var warnings: [String] = []
    /// Problems that do.
    private(set) var failures: [String] = []

    /// Access to environment variables, which are removed after reading: children must not use
    /// them.
    struct Environment {
        var adopt: (String) -> String?

        /// The environment of this process.
        static var own: Environment {
            Environment { name in
                defer { removeEnvironmentValue(name) }
                return environmentValue(name).map { String(decoding: $0, as: UTF8.self) }
            }
        }
    }

    /// Takes over the sockets that `environment` names.
    static func adopt(from environment: Environment = .own) -> InheritedSockets {
        var inheritance = InheritedSockets()
        for name in ["APUS", "NGINX"] {
            guard let text = environment.adopt(name) else { continue }
            guard let numbers = numbers(in: text) else {
                inheritance.warnings.append(
                    "the environment variable \(name) has no socket numbers, ignored: \"\(text)\"")
                continue
            }
            for (fd, isLent) in numbers { inheritance.adoptPredecessorSockets(fd, isLent, name) }
            if !inheritance.sockets.isEmpty { inheritance.predecessor = parentProcess() }
        }
        let count = environment.adopt("LISTEN_FDS")
        let process = environment.adopt("LISTEN_PID")
        _ = environment.adopt("LISTEN_FDNAMES")
        if let count, process.flatMap({ Int32($0) }) == currentProcess() {
            inheritance.adoptManagerSockets(count)
        }
        return inheritance
    }

    /// Parses `5;6:`: descriptor numbers, and whether a service manager has the sockets too; nil if
    /// invalid.
    static func numbers(in text: String) -> [(fd: Int32, isLent: Bool)]? {
        var numbers: [(fd: Int32, isLent: Bool)] = []
        var digits = ""
        for character in text {
            guard character == ";" || character == ":" else {
                digits.append(character)
                continue
            }
            guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let fd = Int32(digits)
            else { return nil }
            numbers.append((fd, character == ":"))
            digits = ""
        }
        return digits.isEmpty && !numbers.isEmpty ? numbers : nil
    }

    private mutating func adoptPredecessorSockets(_ fd: Int32, _ isLent: Bool, _ name: String) {
        switch ListenerCalls.takeOver(fd) {
        case .success(let found): add(fd, found, isLent: isLent)
        case .failure(let error):
            warnings.append(
                "the environment variable \(name) names descriptor \(fd), which does not listen: "
                    + SystemError.text(of: error.code))
        }
    }

    /// Takes over the sockets of a service manager, which begin with descriptor 3.
    private mutating func adoptManagerSockets(_ text: String) {
        guard let count = Int32(text), count >= 0, count <= 65536 else {
            failures.append("LISTEN_FDS is not a number: \"\(text)\"")
            return
        }
        for fd in 3..<(3 + count) {
            switch ListenerCalls.takeOver(fd) {
            case .success(let found): add(fd, found, isLent: true)
            case .failure(let error):
                failures.append(
                    "LISTEN_FDS: descriptor \(fd) is not a listening stream socket (\(error.code): "
                        + "\(SystemError.text(of: error.code))); a systemd socket unit needs "
                        + "ListenStream= and Accept=no")
            }
        }
    }

    private mutating func add(_ fd: Int32, _ name: ListenerCalls.Name, isLent: Bool) {
        let address: ListenAddress
        switch name {
        case .ipv4(let bits, let port): address = .ipv4(bits, port: port)
        case .ipv6(let high, let low, let port): address = .ipv6(high, low, port: port)
        case .unix(let path): address = .unix(path)
        }
        if let index = sockets.firstIndex(where: { $0.address == address }) {
            sockets[index].descriptors.append(fd)
            return
        }
        var socket = ListeningSocket(address: address, descriptors: [fd])
        socket.belongsToManager = isLent
        // The file of another owner's socket is never removed.
        if case .unix(let path) = address, !isLent { socket.file = ListeningSocket.FileKey(path) }
        sockets.append(socket)
    }

    /// Returns the value of `APUS` for a process that takes over `sockets`.
    static func text(of sockets: [ListeningSocket]) -> String {
        sockets.map { socket in
            socket.descriptors.map { "\($0)" + (socket.belongsToManager ? ":" : ";") }.joined()
        }.joined()
    }
}

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
        let isOwnWatchdog = value("WATCHDOG_PID").map { Int32($0) == currentProcess() } ?? true
        let limit = value("WATCHDOG_USEC").flatMap { Int64($0) }
        // Twice within the time, as sd_watchdog_enabled(3) recommends.
        watchdogMs = isOwnWatchdog ? limit.flatMap { $0 > 0 ? max(1, $0 / 2000) : nil } : nil
    }

    /// Notifies that the configuration is in use, and that this is the main process.
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
