import HTTP
import Linux

/// Sends lines to a syslog server, one datagram each, in the format of RFC 3164 as nginx writes it.
/// Never waits: messages that the kernel does not accept at once are queued, so that lines may
/// arrive in bursts; beyond that they are dropped and counted.
final class SyslogSender {
    /// The interval of reports about dropped lines.
    private static let reportIntervalMs: Int64 = 60_000

    let target: SyslogTarget
    /// True if the last line was sent.
    private(set) var works = true

    private let hostname: String
    private var descriptor: Int32 = -1
    /// The number of dropped lines that were not reported yet.
    private var lostCount = 0
    private var lastFault = SystemError("send()", code: Errno.again)
    /// The time until which losses are not reported again; 0 is long ago.
    private var quietUntilMs: Int64 = 0
    /// The local time as in `Nov 21 10:00:00`, and the second that it is from.
    private var time = InlineText<16>()
    private var timeSeconds = Int64.min
    private var message: [UInt8] = []
    /// Queued messages, and their total size.
    private var pending: [[UInt8]] = []
    private var unsentBytes = 0
    /// The size of the queue from which lines are dropped.
    private static let maxPendingBytes = 65536

    /// Creates a sender that connects when it first sends.
    init(_ target: SyslogTarget, hostname: String = hostName()) {
        self.target = target
        self.hostname = hostname
    }

    deinit { disconnect() }

    /// Sends a line, without its line end, at `seconds` since 1970.
    func send(_ line: Span<UInt8>, severity: UInt8, at seconds: Int64) {
        message.removeAll(keepingCapacity: true)
        appendHead(severity, seconds)
        message.append(line)
        sendPending()
        guard pending.isEmpty else { return keep() }
        switch sendMessage(message) {
        case .sent: works = true
        case .noRoom: keep()
        case .failed:
            works = false
            lostCount &+= 1
        }
    }

    /// Queues the message.
    private func keep() {
        works = unsentBytes &+ message.count <= SyslogSender.maxPendingBytes
        guard works else {
            lostCount &+= 1
            return
        }
        pending.append(message)
        unsentBytes &+= message.count
    }

    /// Sends queued messages, as far as there is room.
    func sendPending() {
        guard !pending.isEmpty else { return }
        var count = 0
        sending: for message in pending {
            switch sendMessage(message) {
            case .sent: break
            case .noRoom: break sending
            case .failed: lostCount &+= 1
            }
            count &+= 1
            unsentBytes &-= message.count
        }
        pending.removeFirst(count)
    }

    /// Drops all queued messages.
    func giveUp() {
        lostCount &+= pending.count
        pending = []
        unsentBytes = 0
    }

    /// The descriptor to wait for if messages are queued; nil otherwise.
    var awaited: Int32? { pending.isEmpty || descriptor < 0 ? nil : descriptor }

    /// The time at which losses are reported; nil if there are none.
    var reportDueMs: Int64? { lostCount > 0 ? quietUntilMs : nil }

    /// Returns a report about lost lines, at most once a minute unless it `isLast`.
    func popReport(nowMs: Int64, isLast: Bool = false) -> String? {
        guard lostCount > 0, isLast || nowMs >= quietUntilMs else { return nil }
        let lines = lostCount == 1 ? "1 line was" : "\(lostCount) lines were"
        lostCount = 0
        quietUntilMs = nowMs &+ SyslogSender.reportIntervalMs
        return "\(lines) lost, the last error: \(lastFault)"
    }

    // MARK: the message

    /// Writes the header of a message: `<190>Nov 21 10:00:00 host nginx: `
    private func appendHead(_ severity: UInt8, _ seconds: Int64) {
        if seconds != timeSeconds {
            timeSeconds = seconds
            let local = CivilTime(seconds &+ Clock.localOffset(at: seconds))
            time.write { SyslogSender.write(local, into: &$0) }
        }
        let priority = Int(target.facility) &* 8 &+ Int(severity)
        message.append(contentsOf: "<\(priority)>".utf8)
        message.append(time.span)
        if target.namesHost {
            message.append(UInt8(ascii: " "))
            message.append(contentsOf: hostname.utf8)
        }
        message.append(UInt8(ascii: " "))
        message.append(contentsOf: target.tag.utf8)
        message.append(UInt8(ascii: ":"))
        message.append(UInt8(ascii: " "))
    }

    /// Writes a time as in RFC 3164, section 4.1.2: a day of one digit is preceded by a space.
    private static func write(_ time: CivilTime, into writer: inout ByteWriter) {
        writer.append(time.monthName)
        writer.append(time.day < 10 ? "  " : " ")
        writer.append(decimal: Int64(time.day))
        writer.append(byte: UInt8(ascii: " "))
        writer.append(timeOf: time)
    }

    // MARK: the socket

    private enum Sending { case sent, noRoom, failed }

    private func sendMessage(_ message: [UInt8]) -> Sending {
        // Once more with a new socket: the server may have been restarted since the last line.
        for _ in 0..<2 {
            guard connect() else { return .failed }
            switch unsafe message.withUnsafeBytes({ unsafe Linux.send(descriptor, $0) }) {
            case .bytes: return .sent
            case .wouldBlock:
                lastFault = fault("send() to", Errno.again)
                return .noRoom
            case .failed(let code):
                lastFault = fault("send() to", code)
                disconnect()
                // The error is about the previous message, which was not received.
                if code == Errno.connectionRefused, !isLocal { lostCount &+= 1 }
            }
        }
        return .failed
    }

    private var isLocal: Bool {
        if case .unix = target.server { return true }
        return false
    }

    private func connect() -> Bool {
        guard descriptor < 0 else { return true }
        let returned =
            switch target.server {
            case .ipv4(let address, let port): DatagramCalls.connect(ipv4: address, port: port)
            case .ipv6(let high, let low, let port):
                DatagramCalls.connect(ipv6: high, low, port: port)
            case .unix(let path): DatagramCalls.connect(unix: path)
            }
        guard returned >= 0 else {
            lastFault = fault("connect() to", returned)
            return false
        }
        descriptor = returned
        return true
    }

    private func disconnect() {
        if descriptor >= 0 { closeDescriptor(descriptor) }
        descriptor = -1
    }

    private func fault(_ call: String, _ code: Int32) -> SystemError {
        SystemError(call, "syslog server \(target.server)", code: code)
    }
}

extension [UInt8] {
    /// Appends the bytes of a span.
    mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
