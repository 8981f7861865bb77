import Configuration
import Files
import HTTP

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
enum CharsetDirectives {
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

/// Texts added before and after a body.
struct AdditionSettings: Equatable {
    var before: [UInt8]?
    var after: [UInt8]?
    var types: [String]?

    /// True if there is something to add.
    var isOn: Bool { before?.isEmpty == false || after?.isEmpty == false }
}

/// add_before_body and add_after_body.
enum AdditionDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .setting(
            "add_before_body", in: .httpServerLocation, takes: .exactly(1),
            "Sends the response to this path of the same server before the body.",
            sets: \.scope.addition.before,
            read: { (use) throws(Diagnostic) in try use.bytes(0) }),
        .setting(
            "add_after_body", in: .httpServerLocation, takes: .exactly(1),
            "Sends the response to this path of the same server after the body.",
            sets: \.scope.addition.after,
            read: { (use) throws(Diagnostic) in try use.bytes(0) }),
        .row(
            "addition_types", in: .httpServerLocation, takes: .atLeast(1), repeats: .yes,
            default: "text/html", "Sets the media types to which bodies are added; * matches all.",
            inherit: DirectiveRow.inheriting(\.scope.addition.types),
            apply: DirectiveRow.addingTypes(to: \.scope.addition.types)),
    ]
}

/// charset and addition, compiled.
struct BodyFilterPlan: BitwiseCopyable {
    var charset: CharsetPlan
    /// The charset of the file before it is recoded; nil if it is not recoded.
    var source: CharsetPlan?
    var charsetTypes: TypeList
    var overridesCharset: Bool
    /// Paths of this server; empty for none.
    var before: PlanBytes
    var after: PlanBytes
    var additionTypes: TypeList
}

/// The settings that body filters are compiled from; levels with the same settings share them.
struct BodyFilterGroup: Equatable {
    let charset: CharsetSettings
    let addition: AdditionSettings
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

/// A set of media types.
struct TypeList: BitwiseCopyable {
    let types: PlanTable<PlanBytes>
    let hasAll: Bool

    init(_ names: [String], in arena: Arena) {
        hasAll = names.contains("*")
        types = arena.store(elements: Set(names).sorted().map { arena.store($0) })
    }

    /// Returns true if a type, as written in Content-Type, is in the set.
    func contains(_ type: PlanBytes) -> Bool {
        if hasAll { return true }
        for index in 0..<types.count {
            let name = types[index]
            if type.span.equalsIgnoringCase(name.span) { return true }
        }
        return false
    }
}

/// A conversion from one of the plan's charsets to another.
struct Recoding: Sendable {
    let from: Int32
    let to: Int32
    let table: RecodingTable
}

/// The value of autoindex_format.
enum ListingFormat: UInt8, BitwiseCopyable, CaseIterable {
    case html, json, jsonp, xml

    init(_ format: DirectoryListing.Format) {
        switch format {
        case .html: self = .html
        case .json: self = .json
        case .jsonp: self = .jsonp
        case .xml: self = .xml
        }
    }

    var format: DirectoryListing.Format {
        switch self {
        case .html: .html
        case .json: .json
        case .jsonp: .jsonp
        case .xml: .xml
        }
    }
}

extension CharsetDirectives {
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
                    scope.charset.types ?? CharsetDirectives.defaultTypes, in: arena),
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
