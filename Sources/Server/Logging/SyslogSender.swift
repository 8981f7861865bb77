import HTTP
import Linux

/// Sends lines to a syslog server, one datagram each, in the form of RFC 3164 as nginx writes it.
/// Never waits: what the kernel does not take at once is kept for a moment, so that lines may come
/// in bursts; what is more than that is lost, and counted.
final class SyslogSender {
    /// How often losses are told.
    private static let reportIntervalMs: Int64 = 60_000

    let target: SyslogTarget
    /// Whether the last line went out.
    private(set) var works = true

    private let hostname: String
    private var descriptor: Int32 = -1
    /// Lines that were lost and not yet told of.
    private var lostCount = 0
    private var lastFault = SystemError("send()", code: Errno.again)
    /// Until when nothing more is said of losses; 0 is long ago.
    private var silentUntilMs: Int64 = 0
    /// `Nov 21 10:00:00`, local time, and the second that it is of.
    private var time = InlineText<16>()
    private var timeSeconds = Int64.min
    private var message: [UInt8] = []
    /// Messages that the server has no room for now, and how many bytes they have.
    private var owed: [[UInt8]] = []
    private var owedBytes = 0
    /// When so much is owed, lines are lost.
    private static let mostOwed = 65536

    /// A sender that connects when it has something to say.
    init(_ target: SyslogTarget, hostname: String = hostName()) {
        self.target = target
        self.hostname = hostname
    }

    deinit { disconnect() }

    /// Sends a line, without its end, at `seconds` since 1970.
    func send(_ line: Span<UInt8>, severity: UInt8, at seconds: Int64) {
        message.removeAll(keepingCapacity: true)
        appendHead(severity, seconds)
        message.append(line)
        sendOwed()
        guard owed.isEmpty else { return keep() }
        switch sendMessage(message) {
        case .sent: works = true
        case .noRoom: keep()
        case .failed:
            works = false
            lostCount &+= 1
        }
    }

    /// Keeps the message for when there is room.
    private func keep() {
        works = owedBytes &+ message.count <= SyslogSender.mostOwed
        guard works else {
            lostCount &+= 1
            return
        }
        owed.append(message)
        owedBytes &+= message.count
    }

    /// Sends what is owed, as far as there is room.
    func sendOwed() {
        guard !owed.isEmpty else { return }
        var count = 0
        sending: for message in owed {
            switch sendMessage(message) {
            case .sent: break
            case .noRoom: break sending
            case .failed: lostCount &+= 1
            }
            count &+= 1
            owedBytes &-= message.count
        }
        owed.removeFirst(count)
    }

    /// What is owed is lost.
    func giveUp() {
        lostCount &+= owed.count
        owed = []
        owedBytes = 0
    }

    /// What takes more once there is room; nil when nothing is owed.
    var awaited: Int32? { owed.isEmpty || descriptor < 0 ? nil : descriptor }

    /// When losses are to be told; nil when there are none.
    var reportDueMs: Int64? { lostCount > 0 ? silentUntilMs : nil }

    /// What is to be said of lines that were lost, at most once a minute unless it `isLast`.
    func takeReport(nowMs: Int64, isLast: Bool = false) -> String? {
        guard lostCount > 0, isLast || nowMs >= silentUntilMs else { return nil }
        let lines = lostCount == 1 ? "1 line was" : "\(lostCount) lines were"
        lostCount = 0
        silentUntilMs = nowMs &+ SyslogSender.reportIntervalMs
        return "\(lines) lost, last because \(lastFault)"
    }

    // MARK: the message

    /// `<190>Nov 21 10:00:00 host nginx: `
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

    /// RFC 3164, section 4.1.2: the day of the month has a space where it has one digit.
    private static func write(_ time: CivilTime, into writer: inout HeadWriter) {
        writer.append(time.monthName)
        writer.append(time.day < 10 ? "  " : " ")
        writer.append(decimal: Int64(time.day))
        writer.append(byte: UInt8(ascii: " "))
        writer.append(twoDigits: time.hour)
        writer.append(byte: UInt8(ascii: ":"))
        writer.append(twoDigits: time.minute)
        writer.append(byte: UInt8(ascii: ":"))
        writer.append(twoDigits: time.second)
    }

    // MARK: the socket

    private enum Sending { case sent, noRoom, failed }

    private func sendMessage(_ message: [UInt8]) -> Sending {
        // Once more with a new socket: the server may have gone and come back since the last line.
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
                // The network says so of the line before: nobody has taken that one.
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
