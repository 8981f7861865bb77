import Configuration
import HTTP
import Linux

/// The fields that a level adds to its responses.
struct AddedFieldSettings {
    var fields: [AddedFieldDraft]?
    var fieldsInherit: FieldInheritance?
    var trailers: [AddedFieldDraft]?
    var trailersInherit: FieldInheritance?
    var expires: ExpiresDraft?

    /// True if there is anything to add.
    var addsAny: Bool {
        var expiresSometime = false
        switch expires {
        case .rule(let rule): expiresSometime = rule.kind != .off
        case .text: expiresSometime = true
        case nil: break
        }
        return expiresSometime || !(fields ?? []).isEmpty || !(trailers ?? []).isEmpty
    }
}

/// One add_header or add_trailer.
struct AddedFieldDraft {
    let name: Word
    let value: Word
    /// `always`.
    let isForAll: Bool
}

/// The argument of `expires`: a rule, or a text with variables.
enum ExpiresDraft {
    case rule(ExpiresRule)
    case text(Word, fromModified: Bool)
}

/// The inheritance of add_header and add_trailer (add_header_inherit and add_trailer_inherit).
enum FieldInheritance: UInt8, BitwiseCopyable {
    /// Nothing is inherited.
    case off
    /// All fields are inherited, unless the level has its own.
    case on
    /// All fields are inherited and follow the level's own.
    case merge
}

/// add_header, add_trailer and expires.
enum Headers {
    private static let contexts: Contexts = [.http, .server, .location, .ifInLocation]

    static let rows: [DirectiveRow<Draft>] = [
        list(
            "add_header", \.scope.added.fields, \.scope.added.fieldsInherit,
            "Adds a header to responses; with always, also to errors."),
        list(
            "add_trailer", \.scope.added.trailers, \.scope.added.trailersInherit,
            "Adds a trailer to responses, which are sent in chunks for it."),
        .choice(
            "add_header_inherit", in: contexts, sets: \.scope.added.fieldsInherit, inheritances,
            default: "on",
            "Sets which headers are inherited from the enclosing level: off, on or "
                + "merge."),
        .choice(
            "add_trailer_inherit", in: contexts, sets: \.scope.added.trailersInherit,
            inheritances, default: "on",
            "Sets which trailers are inherited from the enclosing level: off, on or merge."),
        .setting(
            "expires", in: contexts, takes: .oneOf([1, 2]), default: "off",
            "Sends Expires and Cache-Control headers.",
            sets: \.scope.added.expires,
            read: { (use) throws(Diagnostic) in try expires(use) }
        ).evaluating(.last),
    ]

    private static let inheritances: [(String, FieldInheritance)] = [
        ("off", .off), ("on", .on), ("merge", .merge),
    ]

    private static func list(
        _ name: String, _ list: WritableKeyPath<Draft, [AddedFieldDraft]?> & Sendable,
        _ inheritance: WritableKeyPath<Draft, FieldInheritance?> & Sendable, _ summary: String
    ) -> DirectiveRow<Draft> {
        .row(
            name, in: contexts, takes: .oneOf([2, 3]), repeats: .yes, summary,
            inherit: { (child, parent) in
                let rule = child[keyPath: inheritance] ?? parent[keyPath: inheritance] ?? .on
                guard rule != .off, let outer = parent[keyPath: list] else { return }
                guard let own = child[keyPath: list] else {
                    child[keyPath: list] = outer
                    return
                }
                if rule == .merge { child[keyPath: list] = own + outer }
            },
            apply: { (draft, use) throws(Diagnostic) in
                if use.arguments.count > 2, try use.text(2) != "always" {
                    throw use.fail(
                        "invalid parameter \"\(try use.text(2))\"", at: 2,
                        help: ["only always is allowed here"])
                }
                let field = AddedFieldDraft(
                    name: try use.word(0), value: try use.word(1),
                    isForAll: use.arguments.count > 2)
                draft[keyPath: list] = (draft[keyPath: list] ?? []) + [field]
            }
        ).evaluating(.second)
    }

    private static func expires(_ use: DirectiveUse) throws(Diagnostic) -> ExpiresDraft {
        let fromModified = use.arguments.count > 1
        if fromModified, try use.text(0) != "modified" {
            throw use.fail(
                "\"expires\" directive invalid value", at: 0,
                help: ["with two arguments, the first must be modified"])
        }
        let value = try use.word(fromModified ? 1 : 0)
        if value.bytes.contains(UInt8(ascii: "$")) {
            return .text(value, fromModified: fromModified)
        }
        do {
            return .rule(try ExpiresRule.parse(value.bytes, fromModified: fromModified))
        } catch {
            throw use.fail(
                "\"expires\" directive \(error.message)", at: fromModified ? 1 : 0,
                help: ["it must be a time as in 30d, -1, @15h30m, or epoch, max or off"])
        }
    }
}

/// A rule for the expiry of a response: one form of `expires`.
struct ExpiresRule: BitwiseCopyable, Equatable, Sendable {
    enum Kind: UInt8, BitwiseCopyable, Sendable {
        case off
        /// The beginning of 1970.
        case epoch
        /// The end of 2037.
        case max
        /// A time after the response.
        case access
        /// A time after the file's modification.
        case modified
        /// A time of day.
        case daily
    }

    let kind: Kind
    /// The time in seconds: a span, or a time of day.
    let seconds: Int64

    init(_ kind: Kind, seconds: Int64 = 0) {
        self.kind = kind
        self.seconds = seconds
    }

    /// An invalid text, with nginx's message.
    enum Invalid: Error {
        case value, dailyBesideModified, dailyTooLarge

        var message: String {
            switch self {
            case .value: "invalid value"
            case .dailyBesideModified:
                "daily time cannot be used with \"modified\" parameter"
            case .dailyTooLarge: "daily time value must be less than 24 hours"
            }
        }
    }

    /// Parses `1h`, `+1h`, `-1`, `@15h30m`, `epoch`, `max` or `off`; after `modified` only a span.
    static func parse(
        _ text: [UInt8], fromModified: Bool
    ) throws(Invalid) -> ExpiresRule {
        if !fromModified {
            switch String(decoding: text, as: UTF8.self) {
            case "epoch": return ExpiresRule(.epoch)
            case "max": return ExpiresRule(.max)
            case "off": return ExpiresRule(.off)
            default: break
            }
        }
        let isDaily = text.first == UInt8(ascii: "@")
        if isDaily, fromModified { throw .dailyBesideModified }
        let isBefore = text.first == UInt8(ascii: "-")
        let hasSign = isDaily || isBefore || text.first == UInt8(ascii: "+")
        guard let seconds = NginxTime.seconds(Array(hasSign ? text[1...] : text[...])) else {
            throw .value
        }
        if isDaily, seconds > 86_400 { throw .dailyTooLarge }
        return ExpiresRule(
            isDaily ? .daily : fromModified ? .modified : .access,
            seconds: isBefore ? 0 &- Int64(seconds) : Int64(seconds))
    }

    /// The values for a response.
    struct Expiry: Equatable {
        /// The time of Expires in seconds since 1970.
        let time: Int64
        /// The max-age of Cache-Control in seconds; nil for `no-cache`.
        let maxAge: Int64?
    }

    /// Returns the values at `now` for a file modified at `modified`, both in seconds since 1970;
    /// nil for content without a time. `localOffset` returns the offset of local time from UTC at a
    /// time.
    func expiry(
        now: Int64, modified: Int64?, localOffset: (Int64) -> Int64
    ) -> Expiry? {
        let time: Int64
        switch kind {
        case .off: return nil
        case .epoch: return Expiry(time: 1, maxAge: nil)
        case .max: return Expiry(time: 2_145_916_555, maxAge: 315_360_000)
        case .daily: time = nextTime(after: now, localOffset)
        case .access, .modified:
            if seconds == 0 { return Expiry(time: now, maxAge: 0) }
            let start = kind == .modified ? modified ?? now : now
            let (sum, overflow) = start.addingReportingOverflow(seconds)
            time = overflow ? (seconds < 0 ? .min : .max) : sum
        }
        let (age, overflow) = time.subtractingReportingOverflow(now)
        let isOver = seconds < 0 || time < now
        return Expiry(time: time, maxAge: isOver ? nil : overflow ? .max : age)
    }

    /// Returns the next time at which local clocks show the time of day.
    private func nextTime(after now: Int64, _ localOffset: (Int64) -> Int64) -> Int64 {
        let local = now &+ localOffset(now)
        let midnight = local &- (local % 86_400 &+ 86_400) % 86_400
        for day in [Int64(0), 1] {
            let wanted = midnight &+ day &* 86_400 &+ seconds
            // The offset may have changed by then.
            let time = wanted &- localOffset(wanted &- localOffset(now))
            if time > now { return time }
        }
        return now &+ 86_400
    }
}

/// The fields that a location adds to its responses, compiled: add_header, expires, add_trailer.
struct FieldsPlan: BitwiseCopyable {
    let expires: ExpiresRule
    /// The text that evaluates to the expiry, if `expiresFrom` says so.
    let expiresText: Template
    let expiresFrom: ExpiresSource
    let fields: PlanTable<AddedFieldPlan>
    let trailers: PlanTable<AddedFieldPlan>
    /// True if the fields are the same for every response: `whole`, or `always` for errors.
    let isConstant: Bool
    /// The lines of these fields, each preceded by a line end.
    let whole: PlanBytes
    let always: PlanBytes
    /// True if one of them is Allow.
    let wholeHasAllow: Bool
    let alwaysHasAllow: Bool

    /// Returns true if a response with this status gets fields without `always`.
    static func addsFieldsTo(_ status: Int) -> Bool {
        switch status {
        case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308: true
        default: false
        }
    }

    /// Returns true if a response with this status ends in trailers.
    func hasTrailers(_ status: Int) -> Bool {
        if FieldsPlan.addsFieldsTo(status) { return trailers.count > 0 }
        for index in 0..<trailers.count where trailers[index].isForAll { return true }
        return false
    }
}

/// The source of the rule of `expires`.
enum ExpiresSource: UInt8, BitwiseCopyable {
    case rule
    /// A text with variables: one of the forms, evaluated for each response.
    case text
    /// A text with variables after `modified`.
    case textFromModified
}

/// An added field, compiled.
struct AddedFieldPlan: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
        case plain
        /// Cache-Control, which gzip_proxied examines.
        case cacheControl
        /// A field that replaces the file's own.
        case lastModified, etag
        /// Replaces the Allow that a 405 has.
        case allow
    }

    let kind: Kind
    /// `always`: for errors, too.
    let isForAll: Bool
    /// A line end, the name, a colon and a space.
    let name: PlanBytes
    let value: Template
}

/// Compilation of the fields that a level adds to responses.
extension Headers {
    /// Compiles the added fields of a level. Returns their index; -1 for none.
    static func compile(of settings: AddedFieldSettings, _ compiler: inout PlanCompiler) -> Int32 {
        guard settings.addsAny else { return -1 }
        let fields = (settings.fields ?? []).map { compiled($0, isTrailer: false, &compiler) }
        let trailers = (settings.trailers ?? []).map { compiled($0, isTrailer: true, &compiler) }
        var rule = ExpiresRule(.off)
        var text = compiler.template(constant: [])
        var source = ExpiresSource.rule
        switch settings.expires {
        case .rule(let known): rule = known
        case .text(let word, let fromModified):
            text = compiler.template(word)
            source = fromModified ? .textFromModified : .text
        case nil: break
        }
        let isConstant =
            rule.kind == .off && source == .rule
            && fields.allSatisfy {
                $0.value.isConstant && $0.kind != .etag && $0.kind != .lastModified
            }
        return compiler.parts.fields.add(
            FieldsPlan(
                expires: rule, expiresText: text, expiresFrom: source,
                fields: compiler.parts.arena.store(elements: fields),
                trailers: compiler.parts.arena.store(elements: trailers), isConstant: isConstant,
                whole: isConstant ? lines(fields, &compiler) : compiler.parts.arena.store(""),
                always: isConstant
                    ? lines(fields.filter(\.isForAll), &compiler) : compiler.parts.arena.store(""),
                wholeHasAllow: fields.contains(where: isAllow),
                alwaysHasAllow: fields.contains { $0.isForAll && isAllow($0) }))
    }

    /// True for an Allow with a value; a header with an empty value is not sent.
    private static func isAllow(_ field: AddedFieldPlan) -> Bool {
        field.kind == .allow && !field.value.isEmpty
    }

    private static func compiled(
        _ draft: AddedFieldDraft, isTrailer: Bool, _ compiler: inout PlanCompiler
    ) -> AddedFieldPlan {
        let name = draft.name.bytes
        var kind = AddedFieldPlan.Kind.plain
        if !isTrailer {
            switch String(decoding: name, as: UTF8.self).lowercased() {
            case "cache-control": kind = .cacheControl
            case "last-modified": kind = .lastModified
            case "etag": kind = .etag
            case "allow": kind = .allow
            default: break
            }
        }
        let start = (isTrailer ? [] : Array("\r\n".utf8)) + name.map(inLine) + Array(": ".utf8)
        return AddedFieldPlan(
            kind: kind, isForAll: draft.isForAll, name: compiler.parts.arena.store(start),
            value: compiler.template(draft.value))
    }

    private static func inLine(_ byte: UInt8) -> UInt8 {
        byte == 0 || byte == 0x0A || byte == 0x0D ? 0x20 : byte
    }

    /// Returns fields with constant values, as they are sent; an empty value sends none.
    private static func lines(_ fields: [AddedFieldPlan], _ compiler: inout PlanCompiler)
        -> PlanBytes
    {
        var lines: [UInt8] = []
        for field in fields {
            guard let value = field.value.constant, !value.isEmpty else { continue }
            lines += Array(field.name) + Array(value).map(inLine)
        }
        return compiler.parts.arena.store(lines)
    }
}

extension Headers {
    /// Returns the fields that the location adds, evaluated for the response before compression and
    /// ranges. With `isForGzip`, constant fields are evaluated one by one as well, so that
    /// gzip_proxied can see the values.
    static func addedFields(
        to head: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan,
        target: [UInt8] = [], isForGzip: Bool = false
    ) -> AddedFields {
        let set = services.plan.fields[Int(location.fields)]
        let plain = head.unfiltered
        let addsAll = FieldsPlan.addsFieldsTo(plain.status)
        var added = AddedFields()
        if set.isConstant, !isForGzip {
            added.constant = addsAll ? set.whole : set.always
            added.hasAllow = addsAll ? set.wholeHasAllow : set.alwaysHasAllow
            return added
        }
        request.status = plain.status
        // Variables have the configured target of a redirect, without the prepended origin.
        let configuredTarget = target.isEmpty ? [] : request.context?.target ?? []
        if addsAll {
            storeHead(plain, added, configuredTarget, &request, &services)
            addExpires(set, plain, &added, &request, &services)
        }
        for index in 0..<set.fields.count {
            let field = set.fields[index]
            guard addsAll || field.isForAll else { continue }
            if !field.value.isConstant {
                storeHead(plain, added, configuredTarget, &request, &services)
            }
            add(field, to: plain, &added, &request, &services)
        }
        if head.isWeak { added.weakenTag() }
        return added
    }

    /// Returns the added fields of a response, together with those of the file whose range was
    /// unsatisfiable: nginx has added the latter before it detects that.
    static func allAddedFields(
        to head: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan,
        target: [UInt8]
    ) -> AddedFields {
        var added = addedFields(to: head, &request, &services, location, target: target)
        guard request.unsatisfiedSize >= 0,
            let fileFields = request.context?.fieldsOfFile
        else { return added }
        added.last = added.constant.map { Array($0) } ?? added.lines
        added.constant = nil
        added.lines = fileFields
        return added
    }

    /// Stores the fields that were added to the response of a file that is not sent.
    static func storeFields(
        of head: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) {
        guard location.features.contains(.addsFields) else { return }
        var added = addedFields(to: head, &request, &services, location)
        added.removeValidators()
        services.context(of: &request).fieldsOfFile =
            added.constant.map { Array($0) } ?? added.lines
    }

    /// Stores the head so far, for variables that refer to its fields.
    private static func storeHead(
        _ head: ResponseHead, _ added: AddedFields, _ target: [UInt8], _ request: inout Request,
        _ services: inout Services
    ) {
        guard services.plan.namesSentFields else { return }
        let clock = services.clock
        let bytes = services.bytes { (_, writer) in
            let nothing: [UInt8] = []
            head.write(
                into: &writer, clock, location: target.span, charset: nothing.span,
                challenges: nothing.span, cookies: nothing.span, adding: added)
        }
        storeSentHead(bytes, &request)
    }

    static func storeSentHead(_ bytes: [UInt8], _ request: inout Request) {
        request.sentHead = bytes
    }

    private static func addExpires(
        _ set: FieldsPlan, _ head: ResponseHead, _ added: inout AddedFields,
        _ request: inout Request, _ services: inout Services
    ) {
        var rule = set.expires
        if set.expiresFrom != .rule {
            // A value that is not a valid argument of `expires` has no effect.
            let text = Variables.value(of: set.expiresText, &request, &services)
            let fromModified = set.expiresFrom == .textFromModified
            guard let found = try? ExpiresRule.parse(text, fromModified: fromModified) else {
                return
            }
            rule = found
        }
        request.recorder.expires = rule
        let modified = head.sendsModified ? head.validators?.modified : nil
        guard
            let expiry = rule.expiry(
                now: services.clock.seconds,
                modified: modified.map { min($0, services.clock.seconds) },
                localOffset: { Clock.localOffset(at: $0) })
        else { return }
        added.expiry = expiry.time
        let control = services.bytes { (_, writer) in
            guard let age = expiry.maxAge else {
                writer.append("no-cache")
                return
            }
            writer.append("max-age=")
            writer.append(decimal: age)
        }
        added.cacheControls.append(control)
        added.lines += services.bytes { (_, writer) in
            writer.append("\r\nExpires: ")
            HTTPDate.write(expiry.time, into: &writer)
            writer.append("\r\nCache-Control: ")
            writer.append(control.span)
        }
    }

    private static func add(
        _ field: AddedFieldPlan, to head: ResponseHead, _ added: inout AddedFields,
        _ request: inout Request, _ services: inout Services
    ) {
        let value = Variables.value(of: field.value, &request, &services)
        var line: [UInt8] = []
        if !value.isEmpty {
            line = services.bytes { (_, writer) in
                writer.append(field.name.span)
                writer.append(fieldValue: value.span)
            }
        }
        switch field.kind {
        case .plain: added.lines += line
        case .allow:
            added.lines += line
            added.hasAllow = added.hasAllow || !value.isEmpty
        case .cacheControl:
            added.lines += line
            if !value.isEmpty { added.cacheControls.append(value) }
        case .lastModified:
            added.setModified(line)
        case .etag:
            added.setTag(line, replacesOwn: head.hasETag && head.validators != nil)
        }
    }

    // MARK: trailers

    /// Returns true if a response has trailers, and is therefore sent in chunks.
    static func hasTrailers(
        _ status: Int, _ request: borrowing Request, _ services: borrowing Services,
        _ location: LocationPlan
    ) -> Bool {
        guard location.features.contains(.addsTrailers),
            !location.features.contains(.forbidsChunks), status != 204, status != 304,
            request.method != .head,
            request.parser.head.version == .http11
        else { return false }
        return services.plan.fields[Int(location.fields)].hasTrailers(status)
    }

    /// Returns the trailer lines of a chunked body, with the final line end.
    static func trailerLines(_ request: inout Request, _ services: inout Services) -> [UInt8] {
        let location = services.plan.locations[Int(request.location)]
        let set = services.plan.fields[Int(location.fields)]
        let addsAll = FieldsPlan.addsFieldsTo(request.status)
        var lines: [UInt8] = []
        for index in 0..<set.trailers.count {
            let trailer = set.trailers[index]
            guard addsAll || trailer.isForAll else { continue }
            let value = Variables.value(of: trailer.value, &request, &services)
            guard !value.isEmpty else { continue }
            lines += services.bytes { (_, writer) in
                writer.append(trailer.name.span)
                writer.append(fieldValue: value.span)
                writer.append("\r\n")
            }
        }
        if services.plan.namesSentFields { services.context(of: &request).trailers = lines }
        return lines + Array("\r\n".utf8)
    }
}
