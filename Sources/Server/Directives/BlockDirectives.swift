import Configuration
import HTTP

/// All known directives.
enum DirectiveList {
    static let table = DirectiveTable<Draft>(
        MainDirectives.rows + SandboxDirectives.rows + BlockDirectives.rows + ListenDirectives.rows
            + RequestDirectives.rows + TimeoutDirectives.rows + FileDirectives.rows
            + CacheDirectives.rows + AioDirectives.rows
            + SendingDirectives.rows + TypeDirectives.rows + FieldDirectives.rows
            + GzipFilter.rows + GunzipDirectives.rows + Charsets.rows
            + Subrequests.rows + Autoindex.rows + RandomIndex.rows
            + EmptyGif.rows + LogDirectives.rows
            + Map.rows + Geo.rows + SplitClients.rows
            + RealIP.rows
            + LimitReqDirectives.rows + LimitConnDirectives.rows + LimitRate.rows
            + StubStatus.rows
            + Rewrite.rows + TryFiles.rows + ErrorPageResponse.rows
            + Headers.rows
            + Access.rows + AuthBasic.rows + SecureLinks.rows
            + Referer.rows + UserIDCookies.rows
            + IgnoredDirectives.rows + RefusedDirectives.rows)
}

/// The blocks of the levels: http, server, location.
enum BlockDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .block(
            "http", in: .main, takes: .exactly(0), opens: .http, repeats: .no,
            "Contains the configuration of HTTP.",
            apply: { (draft, _) throws(Diagnostic) in draft.openLevel() },
            close: { (draft, _) throws(Diagnostic) in draft.http = draft.closeLevel().scope }),
        .block(
            "server", in: .http, takes: .exactly(0), opens: .server,
            "Defines a virtual server.",
            apply: { (draft, use) throws(Diagnostic) in
                draft.openLevel()
                draft.server = ServerDraft()
                draft.server.written = use.written
            },
            close: { (draft, _) throws(Diagnostic) in
                let level = draft.closeLevel()
                draft.server.scope = level.scope
                draft.server.locations = level.locations
                draft.servers.append(draft.server)
            }),
        .block(
            "location", in: [.server, .location], takes: .oneOf([1, 2]), opens: .location,
            "Sets the configuration for requests whose path matches.",
            apply: { (draft, use) throws(Diagnostic) in
                let location = try locationName(use)
                try checkNesting(location, in: draft, use)
                if location.kind.isRegex { draft.variables.declareCaptures(of: location.name) }
                draft.openLevel()
                draft.location = location
            },
            close: { (draft, _) throws(Diagnostic) in
                var location = draft.location
                let level = draft.closeLevel()
                location.scope = level.scope
                location.locations = level.locations
                draft.locations.append(location)
            }),
        .block(
            "limit_except", in: .location, takes: .atLeast(1), opens: .limitExcept, repeats: .no,
            "Sets the configuration for all methods except these; GET includes HEAD.",
            apply: { (draft, use) throws(Diagnostic) in
                _ = try methods(use)
                draft.openLevel()
            },
            close: { (draft, use) throws(Diagnostic) in
                let allowed = try methods(use)
                let level = draft.closeLevel()
                draft.location.methodLimit = MethodLimitDraft(
                    allowed: allowed, scope: level.scope, written: use.written)
            }),
        .row(
            "internal", in: .location, takes: .exactly(0),
            "Restricts the location to internal redirects.",
            inherit: DirectiveRow.inheriting(\.scope.location.isInternal),
            apply: { (draft, _) throws(Diagnostic) in draft.scope.location.isInternal = true }),
    ]

    private static func methods(_ use: DirectiveUse) throws(Diagnostic) -> MethodSet {
        var methods = MethodSet()
        for index in use.arguments.indices {
            let name = try use.text(index)
            guard let method = MethodSet.named(name) else {
                throw use.fail("invalid method \"\(name)\"", at: index)
            }
            methods.formUnion(method)
        }
        return methods
    }

    /// Parses `location [ = | ~ | ~* | ^~ ] uri`, where the space after the modifier is optional.
    private static func locationName(_ use: DirectiveUse) throws(Diagnostic) -> LocationDraft {
        var location = LocationDraft()
        location.written = use.written
        let modifiers: [(text: String, kind: LocationKind)] = [
            ("=", .exact), ("^~", .prefixBeforeRegex), ("~*", .regex(ignoresCase: true)),
            ("~", .regex(ignoresCase: false)),
        ]
        let first = try use.bytes(0)
        if use.arguments.count == 2 {
            guard let modifier = modifiers.first(where: { Array($0.text.utf8) == first }) else {
                throw use.fail(
                    "invalid location modifier \"\(try use.text(0))\"", at: 0,
                    help: ["a modifier is one of =, ^~, ~ and ~*"])
            }
            location.kind = modifier.kind
            location.name = try use.bytes(1)
            location.word = try use.word(1)
        } else {
            let modifier = modifiers.first { first.starts(with: $0.text.utf8) }
            location.kind = modifier?.kind ?? .prefix
            location.name = Array(first.dropFirst(modifier?.text.utf8.count ?? 0))
            location.word = try use.word(0)
        }
        if location.name.first == UInt8(ascii: "@"), case .prefix = location.kind {
            location.kind = .named
        }
        return location
    }

    /// Checks nesting as nginx does: there is nothing below an exact location, and a prefix must
    /// begin with the name of the enclosing location, even if that is the text of a regular
    /// expression.
    private static func checkNesting(
        _ location: LocationDraft, in draft: Draft, _ use: DirectiveUse
    ) throws(Diagnostic) {
        guard use.context == .location else { return }
        if case .named = location.kind {
            let name = String(decoding: location.name, as: UTF8.self)
            throw use.fail("named location \"\(name)\" can be on the server level only")
        }
        let name = String(decoding: location.name, as: UTF8.self)
        let outer = draft.location
        let outerName = String(decoding: outer.name, as: UTF8.self)
        if case .exact = outer.kind {
            throw use.fail(
                "location \"\(name)\" cannot be inside the exact location \"\(outerName)\"")
        }
        if case .named = outer.kind {
            throw use.fail(
                "location \"\(name)\" cannot be inside the named location \"\(outerName)\"")
        }
        if !location.kind.isRegex, !location.name.starts(with: outer.name) {
            throw use.fail("location \"\(name)\" is outside location \"\(outerName)\"")
        }
    }
}

/// A set of the methods that nginx distinguishes.
struct MethodSet: OptionSet, BitwiseCopyable {
    let rawValue: UInt32

    /// Creates the set of one method; empty for an unknown one.
    init(_ method: Method) {
        rawValue = method == .unknown ? 0 : 1 << UInt32(method.rawValue)
    }

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Returns the methods that a name in `limit_except` allows: GET includes HEAD. Returns nil for
    /// an unknown name.
    static func named(_ name: String) -> MethodSet? {
        let bytes = Array(name.utf8).map { $0 &- 0x61 < 26 ? $0 & 0xDF : $0 }
        let method = Method(name: bytes.span)
        guard method != .unknown, method != .connect, method != .trace else { return nil }
        return method == .get ? [MethodSet(.get), MethodSet(.head)] : MethodSet(method)
    }
}

/// A `limit_except` block, and the methods that it excludes.
struct MethodLimitDraft {
    let allowed: MethodSet
    let scope: LevelSettings
    let written: SourceRange
}

/// A `limit_except`, compiled: for other methods a pseudo location replaces its location.
struct MethodLimitPlan: BitwiseCopyable {
    let allowed: MethodSet
    let location: Int32
}
