import Configuration
import Files
import HTTP
import Linux

/// The charsets of texts.
struct CharsetSettings: Equatable {
    var charset: CharsetDraft?
    var source: CharsetDraft?
    var types: [String]?
    var overrides: Bool?
}

/// The argument of `charset` or `source_charset`.
enum CharsetDraft: Equatable {
    case off
    /// A name, or a variable that has one.
    case named(Word)
}

/// A `charset_map` block.
struct CharsetMapDraft {
    let source: String
    let target: String
    let map: CharsetMap
}

/// charset and related directives.
enum Charsets {
    static let rows: [DirectiveRow<Draft>] = [
        .setting(
            "charset", in: [.http, .server, .location, .ifInLocation], takes: .exactly(1),
            default: "off", "Adds a charset to Content-Type.",
            sets: \.scope.charset.charset,
            read: { (use) throws(Diagnostic) in try use.text(0) == "off" ? .off : try name(use) }
        ).evaluating(.variable),
        .setting(
            "source_charset", in: [.http, .server, .location, .ifInLocation],
            takes: .exactly(1),
            "Sets the charset of files, from which they are converted to that of charset.",
            sets: \.scope.charset.source,
            read: { (use) throws(Diagnostic) in try name(use) }
        ).evaluating(.variable),
        .flag(
            "override_charset", in: [.http, .server, .location, .ifInLocation],
            sets: \.scope.charset.overrides, default: "off",
            "Also converts responses that have a charset already: listings in XML."),
        .row(
            "charset_types", in: .httpServerLocation, takes: .atLeast(1), repeats: .yes,
            default: "text/html and five more",
            "Sets the media types that get a charset; * matches all.",
            inherit: DirectiveRow.inheriting(\.scope.charset.types),
            apply: DirectiveRow.addingTypes(to: \.scope.charset.types)),
        .rawBlock(
            "charset_map", in: .http, takes: .exactly(2),
            "Defines the conversion between two charsets."
        ) { (draft, use) throws(Diagnostic) in
            try addMap(use, to: &draft)
        },
    ]

    static let defaultTypes = [
        "text/html", "text/xml", "text/plain", "text/vnd.wap.wml", "application/javascript",
        "application/rss+xml",
    ]

    /// Returns a charset's name, or one variable: if the argument begins with `$`, nginx takes the
    /// rest of it as the variable's name; elsewhere a `$` is part of the charset's name.
    private static func name(_ use: DirectiveUse) throws(Diagnostic) -> CharsetDraft {
        let word = try use.word(0)
        guard word.bytes.first == UInt8(ascii: "$") else { return .named(word) }
        var rest = word.bytes.dropFirst()
        let isBraced = rest.first == UInt8(ascii: "{")
        guard !isBraced, TemplateSyntax.variableName(at: &rest) != nil, rest.isEmpty else {
            throw use.fail("unknown \"\(word.text.dropFirst())\" variable", at: 0)
        }
        return .named(word)
    }

    private static func addMap(_ use: DirectiveUse, to draft: inout Draft) throws(Diagnostic) {
        let source = try use.text(0)
        let target = try use.text(1)
        let names = Set([source.lowercased(), target.lowercased()])
        guard names.count == 2 else {
            throw use.fail(
                "\"charset_map\" between the same charsets \"\(source)\" and \"\(target)\"", at: 1)
        }
        let isKnown = draft.charsetMaps.contains {
            Set([$0.source.lowercased(), $0.target.lowercased()]) == names
        }
        guard !isKnown else {
            throw use.fail("duplicate \"charset_map\" between \"\(source)\" and \"\(target)\"")
        }
        var map = CharsetMap(toUTF8: target.lowercased() == "utf-8")
        for row in use.rows { try read(use.use(ofRow: row), into: &map) }
        draft.charsetMaps.append(CharsetMapDraft(source: source, target: target, map: map))
    }

    private static func read(_ row: DirectiveUse, into map: inout CharsetMap) throws(Diagnostic) {
        guard row.arguments.count == 1 else {
            throw row.fail(
                "invalid parameters number", help: ["a row has two numbers: 80 E282AC;"])
        }
        guard let from = hexadecimal(row.directive.name.bytes), from.count == 1 else {
            throw row.fail("invalid value \"\(row.name)\"", help: ["it must be one byte: 00 to FF"])
        }
        guard let to = hexadecimal(try row.bytes(0)), map.map(from[0], to: to) else {
            throw row.fail(
                "invalid value \"\(try row.text(0))\"", at: 0,
                help: ["it must be one byte, or one character of UTF-8: E282AC"])
        }
    }

    /// Parses the bytes of an even number of hexadecimal digits, or of a single one.
    private static func hexadecimal(_ text: [UInt8]) -> [UInt8]? {
        let digits = text.compactMap(\.hexadecimalDigit)
        guard digits.count == text.count, !text.isEmpty else { return nil }
        if digits.count == 1 { return digits }
        guard digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map {
            digits[$0] &* 16 &+ digits[$0 &+ 1]
        }
    }
}

/// The argument of `charset` or `source_charset`.
struct CharsetPlan: BitwiseCopyable {
    /// The name as written.
    var name: PlanBytes
    /// The index of the charset in the plan.
    var number: Int32
    /// The index of the template that evaluates to the name; -1 for none.
    var template: Int32
}

/// A conversion from one of the plan's charsets to another.
struct Recoding: Sendable {
    let from: Int32
    let to: Int32
    let table: RecodingTable
}

extension Charsets {
    /// Adds both directions of every `charset_map`.
    static func compileMaps(_ compiler: inout PlanCompiler) {
        for map in compiler.draft.charsetMaps {
            let from = charsetNumber(map.source, &compiler)
            let to = charsetNumber(map.target, &compiler)
            compiler.parts.recodings += [
                Recoding(from: from, to: to, table: map.map.forward),
                Recoding(from: to, to: from, table: map.map.backward),
            ]
        }
    }

    /// Returns the index of the filters of a level's settings; -1 for none.
    static func compile(_ scope: LevelSettings, _ compiler: inout PlanCompiler) -> Int32 {
        let hasCharset = (scope.charset.charset ?? .off) != .off
        // A subrequest's body is recoded to the main response's charset.
        guard hasCharset || scope.addition.isOn || scope.charset.source != nil else { return -1 }
        let group = BodyFilterGroup(charset: scope.charset, addition: scope.addition)
        if let known = compiler.compiledFilters[group] { return known }
        let none = CharsetPlan(name: compiler.parts.arena.store(""), number: -1, template: -1)
        let charset = charset(scope.charset.charset, &compiler)
        let source = Self.charset(scope.charset.source, &compiler)
        checkRecoding(from: source, to: charset, scope.charset, &compiler)
        let arena = compiler.parts.arena
        let index = compiler.parts.bodyFilters.add(
            BodyFilterPlan(
                charset: charset ?? none, source: source,
                charsetTypes: TypeList(
                    scope.charset.types ?? Charsets.defaultTypes, in: arena),
                overridesCharset: scope.charset.overrides ?? false,
                before: arena.store(scope.addition.before ?? []),
                after: arena.store(scope.addition.after ?? []),
                additionTypes: TypeList(scope.addition.types ?? ["text/html"], in: arena)))
        compiler.compiledFilters[group] = index
        return index
    }

    private static func charset(_ draft: CharsetDraft?, _ compiler: inout PlanCompiler)
        -> CharsetPlan?
    {
        guard case .named(let word) = draft else { return nil }
        guard word.bytes.first == UInt8(ascii: "$") else {
            return CharsetPlan(
                name: compiler.parts.arena.store(word.bytes),
                number: charsetNumber(word.text, &compiler),
                template: -1)
        }
        return CharsetPlan(
            name: compiler.parts.arena.store(""), number: -1,
            template: compiler.add(compiler.template(word)))
    }

    private static func charsetNumber(_ name: String, _ compiler: inout PlanCompiler) -> Int32 {
        compiler.parts.charsetNames.index(adding: name.lowercased())
    }

    /// Reports a missing conversion between two known charsets.
    private static func checkRecoding(
        from source: CharsetPlan?, to target: CharsetPlan?, _ settings: CharsetSettings,
        _ compiler: inout PlanCompiler
    ) {
        guard let source, let target, source.template < 0, target.template < 0,
            source.number != target.number, case .named(let word) = settings.charset,
            !compiler.parts.recodings.contains(where: {
                $0.from == source.number && $0.to == target.number
            })
        else { return }
        compiler.report(
            Diagnostic(
                .error,
                "no \"charset_map\" between the charsets \"\(source.name.text)\" and "
                    + "\"\(target.name.text)\"", at: word.place, length: word.length))
    }
}

/// charset: the charset in Content-Type, and recoding of texts to it.
extension Charsets {
    /// The charset of a request: its name, and its index in the plan, if it has one.
    private struct Charset {
        let name: CharsetName
        let number: Int32
    }

    /// Sets the charset in the head, and selects the recoding of the body
    /// (ngx_http_charset_header_filter).
    static func setCharset(
        of head: inout ResponseHead, _ filters: inout BodyFilters, _ filter: BodyFilterPlan,
        _ request: inout Request, _ services: inout Services
    ) {
        guard let type = head.contentType, !type.isEmpty else { return }
        let known = head.charset
        if case .constant = known {
            guard filter.overridesCharset else { return }
        } else {
            guard filter.charsetTypes.contains(type) else { return }
        }
        guard let target = charset(filter.charset, &request, &services) else { return }
        // If the target is the value of a variable, evaluating the source overwrites it.
        let targetText = request.evaluatedCharset ?? []
        let source: Charset?
        if case .constant(let bytes) = known {
            source = Charset(name: known, number: number(of: bytes.span, services))
        } else if let plan = filter.source {
            source = charset(plan, &request, &services)
            if source == nil { return }
        } else {
            source = nil
        }
        let sourceText = request.evaluatedCharset ?? []
        request.evaluatedCharset = targetText
        if let source, source.number != target.number || source.number < 0 {
            let isSame =
                source.number == target.number
                && source.name.bytes(evaluated: sourceText)
                    == target.name.bytes(evaluated: targetText)
            if !isSame {
                if head.coding != .identity, source.number >= 0, target.number >= 0 { return }
                filters.recoding = recoding(from: source.number, to: target.number, services)
                guard filters.recoding >= 0 else {
                    let (from, to) = (
                        source.name.text(evaluated: sourceText),
                        target.name.text(evaluated: targetText)
                    )
                    logMissingMap(from, to, request, services)
                    return
                }
            }
        }
        filters.charset = target.number
        // Netscape 4 used the charset of a redirect for the page it led to.
        head.charset = head.status == 301 || head.status == 302 ? .none : target.name
    }

    /// Returns the index in the plan of the recoding of a subrequest's body to the charset of the
    /// main response; -1 for none.
    static func recodingToMain(
        _ head: ResponseHead, _ filter: BodyFilterPlan, _ request: inout Request,
        _ services: inout Services
    ) -> Int32 {
        let target = request.mainCharset
        guard target >= 0, head.coding == .identity, let plan = filter.source,
            let source = charset(plan, &request, &services), source.number != target
        else { return -1 }
        return recoding(from: source.number, to: target, services)
    }

    private static func recoding(from: Int32, to: Int32, _ services: borrowing Services) -> Int32 {
        let index = services.plan.recodings.firstIndex { $0.from == from && $0.to == to }
        return index.map { Int32($0) } ?? -1
    }

    /// Returns the charset that a setting evaluates to; nil if its variable has no value.
    private static func charset(
        _ setting: CharsetPlan, _ request: inout Request, _ services: inout Services
    ) -> Charset? {
        guard setting.template >= 0 else {
            return Charset(name: .constant(setting.name), number: setting.number)
        }
        let name = Variables.value(
            of: services.plan.templates[Int(setting.template)], &request, &services)
        request.evaluatedCharset = name
        guard !name.isEmpty else { return nil }
        return Charset(name: .evaluated, number: number(of: name.span, services))
    }

    /// Returns the index in the plan of a charset by name; -1 for none.
    private static func number(of text: Span<UInt8>, _ services: borrowing Services) -> Int32 {
        for index in 0..<services.plan.charsetNames.count {
            let name = services.plan.charsetNames[index]
            if name.span.equalsIgnoringCase(text) { return Int32(index) }
        }
        return -1
    }

    private static func logMissingMap(
        _ from: String, _ to: String, _ request: borrowing Request, _ services: borrowing Services
    ) {
        services.logError(
            .error, "no \"charset_map\" between the charsets \"\(from)\" and \"\(to)\"",
            request)
    }
}

/// The charset parameter of Content-Type.
enum CharsetName: BitwiseCopyable {
    case none
    case constant(PlanBytes)
    /// The request's `evaluatedCharset`, the value of a variable.
    case evaluated

    /// Writes the parameter; nothing without a charset. Spaces and control characters in the value
    /// of a variable are left out.
    func write(evaluated: Span<UInt8>, into writer: inout ByteWriter) {
        switch self {
        case .none: return
        case .constant(let name):
            guard !name.isEmpty else { return }
            writer.append("; charset=")
            writer.append(name.span)
        case .evaluated:
            writer.append("; charset=")
            for index in evaluated.indices where evaluated[index] > 0x20 && evaluated[index] != 0x7F
            {
                writer.append(byte: evaluated[index])
            }
        }
    }

    /// Returns the name in lower case, for comparisons.
    func bytes(evaluated: [UInt8]) -> [UInt8] {
        text(evaluated: evaluated).utf8.map(\.asciiLowercased)
    }

    func text(evaluated: [UInt8]) -> String {
        switch self {
        case .none: ""
        case .constant(let name): name.text
        case .evaluated: String(decoding: evaluated, as: UTF8.self)
        }
    }
}
