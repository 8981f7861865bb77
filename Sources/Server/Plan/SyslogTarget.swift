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
            default: throw SyslogFault("unknown syslog parameter \"\(option)\"")
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
    /// The message.
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
