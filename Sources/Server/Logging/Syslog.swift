import HTTP
import Linux

/// The destination and the labels of lines sent by `syslog:`, with nginx's parameters.
public struct SyslogTarget: Hashable, Sendable {
    /// The address of the server.
    public var server: ListenAddress
    /// RFC 3164's facility, 0 (kern) to 23 (local7).
    public var facility: UInt8 = 23
    /// RFC 3164's severity for an access log's lines; those of an error log have the severity of
    /// their level.
    public var severity: UInt8 = 6
    /// The program's name in each message: nginx's, so that rules that sort messages by it keep
    /// working.
    public var tag = "nginx"
    /// Whether the host name precedes the tag.
    public var namesHost = true

    /// The default port of a server.
    public static let defaultPort: UInt16 = 514

    /// Creates a target with facility local7, severity info and tag nginx.
    public init(server: ListenAddress) { self.server = server }

    /// Parses the text after `syslog:`:
    /// `server=ADDRESS[,facility=][,severity=][,tag=][,nohostname]`.
    public static func parse(_ text: String) throws(SyslogFault) -> SyslogTarget {
        var reader = Reader()
        for option in text.split(separator: ",", omittingEmptySubsequences: false) {
            try reader.take(String(option))
        }
        guard let server = reader.server else { throw SyslogFault("no syslog server specified") }
        var target = SyslogTarget(server: server)
        if let facility = reader.facility { target.facility = facility }
        if let severity = reader.severity { target.severity = severity }
        if let tag = reader.tag { target.tag = tag }
        target.namesHost = reader.namesHost
        return target
    }

    /// nginx's names of the facilities, in RFC 3164's order.
    static let facilities = [
        "kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news", "uucp", "clock",
        "authpriv", "ftp", "ntp", "audit", "alert", "cron", "local0", "local1", "local2", "local3",
        "local4", "local5", "local6", "local7",
    ]

    /// nginx's names of the severities, the most severe first.
    static let severities = [
        "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug",
    ]

    /// The parameters read so far.
    private struct Reader {
        var server: ListenAddress?
        var facility: UInt8?
        var severity: UInt8?
        var tag: String?
        var namesHost = true

        mutating func take(_ option: String) throws(SyslogFault) {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : nil
            switch (parts.first, value) {
            case ("server", let text?):
                guard server == nil else { throw .duplicate("server") }
                server = try address(text)
            case ("facility", let name?):
                guard facility == nil else { throw .duplicate("facility") }
                facility = try number(of: name, in: SyslogTarget.facilities, "facility")
            case ("severity", let name?):
                guard severity == nil else { throw .duplicate("severity") }
                severity = try number(of: name, in: SyslogTarget.severities, "severity")
            case ("tag", let name?):
                guard tag == nil else { throw .duplicate("tag") }
                try check(tag: name)
                tag = name
            case ("nohostname", nil): namesHost = false
            default:
                throw SyslogFault(
                    "unknown syslog parameter \"\(option)\"",
                    help: "the parameters are server=, facility=, severity=, tag= and nohostname")
            }
        }

        private func number(
            of name: String, in names: [String], _ kind: String
        ) throws(SyslogFault) -> UInt8 {
            guard let index = names.firstIndex(of: name) else {
                throw SyslogFault(
                    "unknown syslog \(kind) \"\(name)\"",
                    help: "it must be one of \(names.joined(separator: " "))")
            }
            return UInt8(clamping: index)
        }

        private func check(tag: String) throws(SyslogFault) {
            guard tag.utf8.count <= 32 else { throw SyslogFault("syslog tag length exceeds 32") }
            let isPlain = tag.utf8.allSatisfy { byte in
                (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                    || byte == UInt8(ascii: "_")
            }
            guard isPlain else {
                throw SyslogFault(
                    "syslog \"tag\" only allows alphanumeric characters and underscore")
            }
        }

        private func address(_ text: String) throws(SyslogFault) -> ListenAddress {
            // `*` and a port alone are addresses to listen on, not to send to.
            let isBare = text.hasPrefix("*") || text.utf8.allSatisfy { $0 &- 0x30 < 10 }
            guard !isBare else { throw .server(text, .hostNotLiteral(text)) }
            // With a port appended, an address that has one already is invalid.
            let isWithoutPort = (try? ListenAddress.parse(text + ":1")) != nil
            let isPath = text.lowercased().hasPrefix("unix:")
            do throws(ListenAddressError) {
                return try ListenAddress.parse(
                    isWithoutPort && !isPath ? "\(text):\(SyslogTarget.defaultPort)" : text)
            } catch {
                throw .server(text, error)
            }
        }
    }
}

/// An error in the parameters of `syslog:`, in nginx's words.
public struct SyslogFault: Error, Equatable, Sendable {
    /// The message of the diagnostic, in one line.
    public let message: String
    /// The remedy, if there is one.
    public let help: String?

    init(_ message: String, help: String? = nil) {
        self.message = message
        self.help = help
    }

    static func duplicate(_ name: String) -> SyslogFault {
        SyslogFault("duplicate syslog \"\(name)\"")
    }

    static func server(_ text: String, _ error: ListenAddressError) -> SyslogFault {
        var help: String?
        if case .hostNotLiteral = error {
            help = "names are not looked up, write the address: 192.0.2.1:514, unix:/dev/log"
        }
        return SyslogFault("\(error.reason) in syslog server \"\(text)\"", help: help)
    }
}

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
