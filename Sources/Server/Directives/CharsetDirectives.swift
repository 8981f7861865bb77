import Configuration
import Files

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
        .row(
            "charset", in: [.http, .server, .location, .ifInLocation], takes: .exactly(1),
            default: "off", "Adds a charset to Content-Type.",
            inherit: DirectiveRow.inheriting(\.scope.charset.charset),
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.charset.charset = try use.text(0) == "off" ? .off : try name(use)
            }
        ).evaluating(.variable),
        .row(
            "source_charset", in: [.http, .server, .location, .ifInLocation],
            takes: .exactly(1),
            "Sets the charset of files, from which they are converted to that of charset.",
            inherit: DirectiveRow.inheriting(\.scope.charset.source),
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.charset.source = try name(use)
            }
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
        let digits = text.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
            default: nil
            }
        }
        guard digits.count == text.count, !text.isEmpty else { return nil }
        if digits.count == 1 { return digits }
        guard digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map {
            digits[$0] &* 16 &+ digits[$0 &+ 1]
        }
    }
}
