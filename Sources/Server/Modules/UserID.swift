import Configuration
import HTTP
import Linux

/// Cookies that identify clients.
struct UserIDSettings: Hashable {
    var mode: UserIDMode?
    var service: Int?
    var name: String?
    var domain: String?
    var path: String?
    var lifetime: UserIDLifetime?
    var flags: UserIDFlags?
    var p3p: String?
    /// The mark; 0 for none.
    var mark: UInt8?
}

/// userid.
enum UserIDMode: UInt8, BitwiseCopyable, Hashable, Sendable {
    case off
    /// The client's identifier is logged, and none is set.
    case log
    case v1
    case on
}

/// userid_expires.
enum UserIDLifetime: BitwiseCopyable, Hashable, Sendable {
    case session
    /// Until the end of 2037.
    case maximum
    case seconds(Int64)
}

/// userid_flags.
struct UserIDFlags: OptionSet, BitwiseCopyable, Hashable, Sendable {
    let rawValue: UInt8
    static let secure = UserIDFlags(rawValue: 1)
    static let httpOnly = UserIDFlags(rawValue: 2)
    static let strict = UserIDFlags(rawValue: 4)
    static let lax = UserIDFlags(rawValue: 8)
    static let none = UserIDFlags(rawValue: 16)
    static let sameSite: UserIDFlags = [.strict, .lax, .none]
}

/// userid and related directives.
enum UserIDCookies {
    static let rows: [DirectiveRow<Draft>] = [
        .choice(
            "userid", in: .httpServerLocation, sets: \.scope.userID.mode,
            [("off", .off), ("log", .log), ("v1", .v1), ("on", .on)], default: "off",
            "Sets an identifying cookie for each client, or only reads it (log)."),
        .integer(
            "userid_service", in: .httpServerLocation, sets: \.scope.userID.service,
            "Sets the first number of a cookie; the default is the server's address (v1: 0)."),
        .text(
            "userid_name", in: .httpServerLocation, sets: \.scope.userID.name, default: "uid",
            "Sets the cookie's name."),
        .text(
            "userid_domain", in: .httpServerLocation, sets: \.scope.userID.domain,
            default: "none", "Sets the cookie's domain."),
        .text(
            "userid_path", in: .httpServerLocation, sets: \.scope.userID.path, default: "/",
            "Sets the cookie's path."),
        .row(
            "userid_expires", in: .httpServerLocation, takes: .exactly(1), default: "off",
            "Sets the time for which browsers keep the cookie.",
            inherit: DirectiveRow.inheriting(\.scope.userID.lifetime),
            apply: { (draft, use) throws(Diagnostic) in
                switch try use.text(0) {
                case "max": draft.scope.userID.lifetime = .maximum
                case "off": draft.scope.userID.lifetime = .session
                default:
                    let seconds = try use.seconds(0)
                    draft.scope.userID.lifetime =
                        seconds == 0 ? .session : .seconds(Int64(seconds))
                }
            }),
        .setting(
            "userid_flags", in: .httpServerLocation, takes: .between(1, 3), default: "off",
            "Sets the cookie's flags: secure, httponly and samesite=strict, lax or none.",
            sets: \.scope.userID.flags,
            read: { (use) throws(Diagnostic) in try flags(use) }),
        .text(
            "userid_p3p", in: .httpServerLocation, sets: \.scope.userID.p3p, default: "none",
            "Sets the value of a P3P header, sent with the cookie."),
        .setting(
            "userid_mark", in: .httpServerLocation, takes: .exactly(1), default: "off",
            "Sets a character in the cookie; cookies without it are replaced.",
            sets: \.scope.userID.mark,
            read: { (use) throws(Diagnostic) in try mark(use) }),
    ]

    /// Parses the flags. The first of several samesite flags applies, as in nginx.
    private static func flags(_ use: DirectiveUse) throws(Diagnostic) -> UserIDFlags {
        var flags: UserIDFlags = []
        for index in use.arguments.indices {
            let flag = try use.oneOf(
                index,
                [
                    ("off", UserIDFlags()), ("secure", .secure), ("httponly", .httpOnly),
                    ("samesite=strict", .strict), ("samesite=lax", .lax),
                    ("samesite=none", .none),
                ])
            if flag.isDisjoint(with: .sameSite) || flags.isDisjoint(with: .sameSite) {
                flags.insert(flag)
            }
        }
        return flags
    }

    private static func mark(_ use: DirectiveUse) throws(Diagnostic) -> UInt8 {
        let bytes = try use.bytes(0)
        if bytes == Array("off".utf8) { return 0 }
        guard bytes.count == 1, let byte = bytes.first,
            (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                || byte == UInt8(ascii: "=")
        else {
            throw use.fail("value must be \"off\" or a single letter, digit or \"=\"", at: 0)
        }
        return byte
    }
}

/// userid, compiled.
struct UserIDPlan: BitwiseCopyable {
    let mode: UserIDMode
    /// The service number; nil for the server's address.
    let service: UInt32?
    let name: PlanBytes
    /// `; domain=…`, or empty.
    let domain: PlanBytes
    /// `; path=…`
    let path: PlanBytes
    let lifetime: UserIDLifetime
    let flags: UserIDFlags
    /// The P3P field; empty for none.
    let p3p: PlanBytes
    /// The mark; 0 for none.
    let mark: UInt8
    /// $uid_reset
    let reset: Template
}

extension UserIDCookies {
    static func compile(_ settings: UserIDSettings, _ compiler: inout PlanCompiler) -> UserIDPlan? {
        guard let mode = settings.mode, mode != .off, let word = resetWord(&compiler) else {
            return nil
        }
        let domain = settings.domain ?? "none"
        let p3p = settings.p3p ?? "none"
        return UserIDPlan(
            mode: mode, service: settings.service.map { UInt32(truncatingIfNeeded: $0) },
            name: compiler.parts.arena.store(settings.name ?? "uid"),
            domain: compiler.parts.arena.store(domain == "none" ? "" : "; domain=" + domain),
            path: compiler.parts.arena.store("; path=" + (settings.path ?? "/")),
            lifetime: settings.lifetime ?? .session, flags: settings.flags ?? [],
            p3p: compiler.parts.arena.store(p3p == "none" ? "" : p3p), mark: settings.mark ?? 0,
            reset: word)
    }

    /// The variable $uid_reset, if the configuration sets it.
    private static func resetWord(_ compiler: inout PlanCompiler) -> Template? {
        compiler.variable("uid_reset").map {
            Template(pieces: compiler.parts.arena.store(elements: [$0]))
        }
    }
}

/// The identifier that userid gives a client: four words of 32 bits, as nginx stores them.
struct UserID: Equatable, BitwiseCopyable {
    var words: (UInt32, UInt32, UInt32, UInt32)

    static func == (left: UserID, right: UserID) -> Bool { left.words == right.words }

    /// The 16 bytes, the lowest byte of each word first.
    var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: word >> $0) }
        }
    }

    init(_ first: UInt32, _ second: UInt32, _ third: UInt32, _ fourth: UInt32) {
        words = (first, second, third, fourth)
    }

    /// Parses the value of a cookie: its first 22 characters are base 64; a mark may follow. nil if
    /// invalid.
    init?(cookie: Span<UInt8>) {
        guard cookie.count >= 22, let bytes = Base64.decode(cookie.slice(from: 0, to: 22)),
            bytes.count == 16
        else { return nil }
        let words = (0..<4).map { index in
            (0..<4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[index &* 4 &+ $1]) }
        }
        self.init(words[0], words[1], words[2], words[3])
    }

    /// Writes 32 hexadecimal digits.
    func write(into writer: inout ByteWriter) {
        for word in [words.0, words.1, words.2, words.3] {
            for shift in [24, 16, 8, 0] {
                writer.append(hexadecimalByte: UInt8(truncatingIfNeeded: word >> shift))
            }
        }
    }
}

/// The source of identifiers, which differ within a worker and between workers.
struct UserIDSequence {
    /// A part of the second in which the worker started, and its process ID; 0 before the first
    /// use.
    private var start: UInt32 = 0
    private var next: UInt32
    private var nextV1: UInt32 = 1

    init(next: UInt32 = 0x0303_0302) { self.next = next }

    /// Returns a unique identifier: service, time, start and sequence number, in network byte order
    /// except in version 1.
    mutating func make(
        _ mode: UserIDMode, service: UInt32, seconds: Int64, milliseconds: Int64
    ) -> UserID {
        if start == 0 {
            let part = UInt32(truncatingIfNeeded: milliseconds &* 50)
            start = part << 16 | UInt32(truncatingIfNeeded: currentProcess())
        }
        let time = UInt32(truncatingIfNeeded: seconds)
        if mode == .v1 {
            defer { nextV1 &+= 0x100 }
            return UserID(service, time, start, nextV1)
        }
        defer {
            next &+= 0x100
            if next < 0x0303_0302 { next = 0x0303_0302 }
        }
        return UserID(service, time.bigEndian, start.bigEndian, next.bigEndian)
    }
}

/// The cookie of a request, and the one of its response.
struct UserIDState {
    /// The access plan with whose settings it was read.
    let access: Int32
    /// The identifier that the client sent; all zeros for none.
    var got = UserID(0, 0, 0, 0)
    var cookie: [UInt8] = []
    /// The identifier that the response sets; all zeros for none.
    var set = UserID(0, 0, 0, 0)
    var isReset = false
}

/// userid (ngx_http_userid_filter_module).
extension UserIDCookies {
    static let variables: [VariableRow] = [
        .ifAny("uid_got", .perRequest, [.computedOnce, .ofEvaluation]) {
            writeUserID(isSet: false, &$0, &$1, into: &$3)
        },
        .ifAny("uid_set", .perRequest, [.computedOnce, .ofEvaluation]) {
            writeUserID(isSet: true, &$0, &$1, into: &$3)
        },
        // Empty unless the configuration defines it.
        .always("uid_reset", .perRequest, [.definable, .ofEvaluation]) { _, _, _, _ in },
    ]

    private static func writeUserID(
        isSet: Bool, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        let index = services.plan.locations[Int(request.location)].access
        guard index >= 0, let settings = services.plan.accesses[Int(index)].userID else {
            return false
        }
        let number: UserID
        if isSet {
            guard settings.mode != .log else { return false }
            number = userIDToSet(settings, index, &request, &services).set
        } else {
            number = userID(settings, index, &request, &services).got
        }
        guard number.words.3 != 0 else { return false }
        writer.append(settings.name.span)
        writer.append("=")
        number.write(into: &writer)
        return true
    }

    /// Returns Set-Cookie and P3P, each after a line end, if the response has them.
    static func cookies(_ request: inout Request, _ services: inout Services) -> [UInt8] {
        let location = Int(request.location)
        guard services.plan.locations[location].features.contains(.userID) else { return [] }
        return services.bytes { (services, writer) in
            writeUserIDFields(&request, &services, into: &writer)
        }
    }

    private static func writeUserIDFields(
        _ request: inout Request, _ services: inout Services, into writer: inout ByteWriter
    ) {
        let index = services.plan.locations[Int(request.location)].access
        guard index >= 0, let settings = services.plan.accesses[Int(index)].userID else { return }
        let state = userIDToSet(settings, index, &request, &services)
        guard state.set.words.3 != 0 else { return }
        writer.append("\r\nSet-Cookie: ")
        writer.append(settings.name.span)
        writer.append("=")
        var text = Base64.encode(state.set.bytes.span)
        if state.got.words.3 != 0, !state.isReset {
            text = state.cookie.prefix(22) + [settings.mark, UInt8(ascii: "=")]
        } else if settings.mark != 0, text.count >= 2 {
            text[text.count &- 2] = settings.mark
        }
        writer.append(text.span)
        writeLifetime(settings.lifetime, into: &writer, services)
        writer.append(settings.domain.span)
        writer.append(settings.path.span)
        if settings.flags.contains(.secure) { writer.append("; secure") }
        if settings.flags.contains(.httpOnly) { writer.append("; httponly") }
        if settings.flags.contains(.strict) { writer.append("; samesite=strict") }
        if settings.flags.contains(.lax) { writer.append("; samesite=lax") }
        if settings.flags.contains(.none) { writer.append("; samesite=none") }
        guard !settings.p3p.isEmpty else { return }
        writer.append("\r\nP3P: ")
        writer.append(settings.p3p.span)
    }

    /// Writes `; expires=…`, with nginx's two-digit year up to 2037.
    private static func writeLifetime(
        _ lifetime: UserIDLifetime, into writer: inout ByteWriter, _ services: borrowing Services
    ) {
        switch lifetime {
        case .session: return
        case .maximum: writer.append("; expires=Thu, 31-Dec-37 23:55:55 GMT")
        case .seconds(let seconds):
            let time = CivilTime(
                services.clock.seconds.addingReportingOverflow(seconds).partialValue)
            writer.append("; expires=")
            writer.append(time.weekdayName)
            writer.append(", ")
            writer.append(twoDigits: time.day)
            writer.append("-")
            writer.append(time.monthName)
            writer.append("-")
            if time.year > 2037 { writer.append(twoDigits: time.year / 100) }
            writer.append(twoDigits: time.year % 100)
            writer.append(" ")
            writer.append(twoDigits: time.hour)
            writer.append(":")
            writer.append(twoDigits: time.minute)
            writer.append(":")
            writer.append(twoDigits: time.second)
            writer.append(" GMT")
        }
    }

    // MARK: the state

    /// Returns the identifier that the client sent; parsed once.
    private static func userID(
        _ settings: UserIDPlan, _ access: Int32, _ request: inout Request,
        _ services: inout Services
    ) -> UserIDState {
        let context = services.context(of: &request)
        if let state = context.userID, state.access == access { return state }
        var state = UserIDState(access: access)
        var isThere = false
        state.cookie = services.bytes { (services, writer) in
            isThere = RequestVariables.writeCookie(settings.name.span, request, into: &writer)
        }
        if isThere {
            if let got = UserID(cookie: state.cookie.span) {
                state.got = got
            } else {
                let fault = state.cookie.count < 22 ? "too short" : "invalid"
                let sent = services.bytes { (services, writer) in
                    _ = RequestVariables.writeFields("cookie", request, into: &writer)
                }
                services.logError(
                    .error, "client sent \(fault) userid cookie \"\(sent.span.text)\"",
                    request)
            }
        }
        context.userID = state
        return state
    }

    /// Returns the state with the identifier that the response sets; created once.
    private static func userIDToSet(
        _ settings: UserIDPlan, _ access: Int32, _ request: inout Request,
        _ services: inout Services
    ) -> UserIDState {
        var state = userID(settings, access, &request, &services)
        guard state.set.words.3 == 0 else { return state }
        let context = services.context(of: &request)
        defer { context.userID = state }
        if state.got.words.3 != 0 {
            let reset = Variables.value(of: settings.reset, &request, &services)
            if reset.isEmpty || reset.span.equals("0") {
                let isMarked =
                    state.cookie.count > 23 && state.cookie[22] == settings.mark
                    && state.cookie[23] == UInt8(ascii: "=")
                if settings.mark != 0, !isMarked { state.set = state.got }
                return state
            }
            state.isReset = true
            if reset.span.equals("log") { logReset(state.got, settings, request, services) }
        }
        state.set = services.userIDs.make(
            settings.mode, service: service(settings, request.slot, services),
            seconds: services.clock.seconds, milliseconds: services.clock.milliseconds)
        return state
    }

    private static func logReset(
        _ got: UserID, _ settings: UserIDPlan, _ request: borrowing Request,
        _ services: borrowing Services
    ) {
        var text = InlineText<64>()
        text.write { got.write(into: &$0) }
        services.logError(
            .notice, "userid cookie \"\(settings.name.text)=\(text.span.text)\" was reset",
            request)
    }

    /// Returns userid_service, or the last four bytes of the local address; 0 for version 1.
    private static func service(
        _ settings: UserIDPlan, _ slot: Slot, _ services: borrowing Services
    )
        -> UInt32
    {
        if let service = settings.service {
            return settings.mode == .v1 ? service : service.bigEndian
        }
        guard settings.mode != .v1 else { return 0 }
        let local = services.localAddress(of: slot)
        return UInt32(truncatingIfNeeded: local.low).bigEndian
    }
}
