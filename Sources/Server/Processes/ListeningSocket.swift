import Linux

/// An address that could not be opened.
public struct ListenFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The address that could not be opened.
    public let address: ListenAddress
    /// The failed call and its error.
    public let error: SystemError

    /// True for errno(3) EADDRINUSE: another process has the address.
    public var isInUse: Bool { error.code == 98 }

    /// The message: `bind() to 0.0.0.0:80 failed (13: Permission denied)`, and a remedy.
    public var description: String { error.description + help }

    private var help: String {
        switch (address, error.code) {
        case (.ipv4(_, let port), 13) where port < 1024,
            (.ipv6(_, _, let port), 13) where port < 1024:
            "; ports below 1024 need root or the capability CAP_NET_BIND_SERVICE"
        case (.ipv4, 99), (.ipv6, 99): "; no interface of this machine has the address"
        default: ""
        }
    }
}

/// The sockets of one address: one, or with `reuseport` one for each worker.
struct ListeningSocket {
    let address: ListenAddress
    /// The descriptors, open as long as the set is not closed.
    var descriptors: [Int32]
    /// The file of a unix socket, so that another server's is never removed.
    var file: FileKey?
    /// True if a service manager has it, too: it stays open and listening after this server exits,
    /// and is used again when a later configuration names its address.
    var belongsToManager = false
    /// True for `reuseport`: each socket is one worker's.
    var isSpread = false
    /// The descriptors whose state was checked once, and those that looked broken then.
    var isChecked: Set<Int32> = []
    var unverifiable: Set<Int32> = []

    /// A file, identified by device and inode.
    struct FileKey: Equatable {
        let device: UInt64
        let inode: UInt64

        init?(_ path: String) {
            let found = unsafe path.withCString { unsafe fileStatus(of: CPath(unsafe: $0)) }
            guard case .success(let fileStatus) = found else { return nil }
            device = fileStatus.device
            inode = fileStatus.inode
        }
    }

    /// Opens, binds and listens. The socket file of a server that died is replaced.
    static func open(_ listen: ListenPlan) throws(ListenFailure) -> Int32 {
        let fd = try check(ListenerCalls.socket(family(of: listen.address)), "socket()", listen)
        do throws(ListenFailure) {
            try configure(fd, listen)
            try bind(fd, listen)
            let backlog = listen.options.backlog
            _ = try check(
                ListenerCalls.listen(fd, backlog: backlog), "listen() to", listen,
                note: ", backlog \(backlog)")
            return fd
        } catch {
            closeDescriptor(fd)
            throw error
        }
    }

    /// Applies options that may change while a socket stays open: a reload takes it over.
    static func adjust(_ fd: Int32, to listen: ListenPlan) {
        _ = ListenerCalls.listen(fd, backlog: listen.options.backlog)
        tune(fd, listen)
        if case .unix = listen.address { return }
        if listen.options.isReusePort { _ = ListenerCalls.reusePort(fd) }
        _ = ListenerCalls.setDeferred(fd, listen.options.isDeferred)
        _ = ListenerCalls.setNoDelay(fd, listen.options.isNoDelay)
    }

    /// Sets options that connections work without: as in nginx, an error does not prevent the
    /// start.
    private static func tune(_ fd: Int32, _ listen: ListenPlan) {
        let options = listen.options
        if let bytes = options.receiveBuffer {
            _ = ListenerCalls.setReceiveBuffer(fd, bytes: bytes)
        }
        if let bytes = options.sendBuffer { _ = ListenerCalls.setSendBuffer(fd, bytes: bytes) }
        if case .unix = listen.address { return }
        if let queue = options.fastOpenQueue { _ = ListenerCalls.setFastOpen(fd, queue: queue) }
        if let keepalive = options.keepalive {
            _ = ListenerCalls.setKeepalive(
                fd, keepalive.isOn, idle: keepalive.idleSeconds,
                interval: keepalive.intervalSeconds, count: keepalive.count)
        }
    }

    private static func configure(_ fd: Int32, _ listen: ListenPlan) throws(ListenFailure) {
        let options = listen.options
        tune(fd, listen)
        if case .unix = listen.address { return }
        _ = try check(ListenerCalls.reuseAddress(fd), "setsockopt(SO_REUSEADDR)", listen)
        if options.isReusePort {
            _ = try check(ListenerCalls.reusePort(fd), "setsockopt(SO_REUSEPORT)", listen)
        }
        if case .ipv6 = listen.address {
            let returned = ListenerCalls.setIPv6Only(fd, options.isIPv6Only)
            _ = try check(returned, "setsockopt(IPV6_V6ONLY)", listen)
        }
        if options.isDeferred {
            let returned = ListenerCalls.setDeferred(fd, true)
            _ = try check(returned, "setsockopt(TCP_DEFER_ACCEPT)", listen)
        }
        if options.isNoDelay {
            _ = try check(ListenerCalls.setNoDelay(fd, true), "setsockopt(TCP_NODELAY)", listen)
        }
    }

    private static func bind(_ fd: Int32, _ listen: ListenPlan) throws(ListenFailure) {
        switch listen.address {
        case .ipv4(let address, let port):
            let returned = ListenerCalls.bind(fd, ipv4: address, port: port)
            _ = try check(returned, "bind() to", listen)
        case .ipv6(let high, let low, let port):
            let returned = ListenerCalls.bind(fd, ipv6: high, low, port: port)
            _ = try check(returned, "bind() to", listen)
        case .unix(let path):
            if ListenerCalls.isStaleSocket(path) { removeFile(path) }
            _ = try check(ListenerCalls.bind(fd, unix: path), "bind() to", listen)
            _ = try check(ListenerCalls.openToAll(path), "chmod()", listen)
        }
    }

    private static func family(of address: ListenAddress) -> SocketFamily {
        switch address {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        case .unix: .unix
        }
    }

    private static func check(
        _ returned: Int32, _ call: String, _ listen: ListenPlan, note: String = ""
    ) throws(ListenFailure) -> Int32 {
        guard returned < 0 else { return returned }
        let error = SystemError(call, "\(listen.address)\(note)", code: returned)
        throw ListenFailure(address: listen.address, error: error)
    }
}

/// Decides when the master checks its listening sockets: now and then, and soon after a worker
/// reports a broken one. Workers may be hostile: however often one reports, the master checks at
/// most once a second, and binds new sockets at most every two seconds.
struct ListenerWatch {
    static let intervalMs: Int64 = 10_000
    static let minIntervalMs: Int64 = 1000
    static let repairPauseMs: Int64 = 2000

    private(set) var nextCheckMs: Int64
    private var earliestMs: Int64

    init(nowMs: Int64) {
        nextCheckMs = nowMs &+ ListenerWatch.intervalMs
        earliestMs = nowMs
    }

    /// Records a report.
    mutating func requestCheck(nowMs: Int64) {
        nextCheckMs = min(nextCheckMs, max(nowMs, earliestMs))
    }

    /// Returns true if a check is due.
    mutating func isDue(nowMs: Int64) -> Bool {
        guard nowMs >= nextCheckMs else { return false }
        nextCheckMs = nowMs &+ ListenerWatch.intervalMs
        earliestMs = nowMs &+ ListenerWatch.minIntervalMs
        return true
    }

    /// Records that new sockets are bound: they are not checked at once.
    mutating func repairs(nowMs: Int64) { earliestMs = nowMs &+ ListenerWatch.repairPauseMs }
}
