import Configuration

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
enum UserIDDirectives {
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

extension UserIDDirectives {
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
