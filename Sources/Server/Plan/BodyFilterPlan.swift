import Configuration
import Files

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

extension PlanCompiler {
    /// Adds both directions of every `charset_map`.
    mutating func addCharsetMaps() {
        for draft in draft.charsetMaps {
            let from = charsetNumber(draft.source)
            let to = charsetNumber(draft.target)
            parts.recodings += [
                Recoding(from: from, to: to, table: draft.map.forward),
                Recoding(from: to, to: from, table: draft.map.backward),
            ]
        }
    }

    /// Returns the index of the filters of a level's settings; -1 for none.
    mutating func bodyFilter(_ scope: LevelSettings) -> Int32 {
        let hasCharset = (scope.charset.charset ?? .off) != .off
        // A subrequest's body is recoded to the main response's charset.
        guard hasCharset || scope.addition.isOn || scope.charset.source != nil else { return -1 }
        let known = compiledFilters.first {
            $0.charset == scope.charset && $0.addition == scope.addition
        }
        if let known { return known.index }
        let none = CharsetPlan(name: parts.arena.store(""), number: -1, template: -1)
        let charset = charset(scope.charset.charset)
        let source = self.charset(scope.charset.source)
        checkRecoding(from: source, to: charset, scope.charset)
        let arena = parts.arena
        parts.bodyFilters.append(
            BodyFilterPlan(
                charset: charset ?? none, source: source,
                charsetTypes: TypeList(
                    scope.charset.types ?? CharsetDirectives.defaultTypes, in: arena),
                overridesCharset: scope.charset.overrides ?? false,
                before: arena.store(scope.addition.before ?? []),
                after: arena.store(scope.addition.after ?? []),
                additionTypes: TypeList(scope.addition.types ?? ["text/html"], in: arena)))
        let index = Int32(parts.bodyFilters.count &- 1)
        compiledFilters.append((scope.charset, scope.addition, index))
        return index
    }

    private mutating func charset(_ draft: CharsetDraft?) -> CharsetPlan? {
        guard case .named(let word) = draft else { return nil }
        guard word.bytes.first == UInt8(ascii: "$") else {
            return CharsetPlan(
                name: parts.arena.store(word.bytes), number: charsetNumber(word.text),
                template: -1)
        }
        return CharsetPlan(
            name: parts.arena.store(""), number: -1, template: add(template(word)))
    }

    private mutating func charsetNumber(_ name: String) -> Int32 {
        let name = name.lowercased()
        if let index = parts.charsetNames.firstIndex(of: name) { return Int32(index) }
        parts.charsetNames.append(name)
        return Int32(parts.charsetNames.count &- 1)
    }

    /// Reports a missing conversion between two known charsets.
    private mutating func checkRecoding(
        from source: CharsetPlan?, to target: CharsetPlan?, _ settings: CharsetSettings
    ) {
        guard let source, let target, source.template < 0, target.template < 0,
            source.number != target.number, case .named(let word) = settings.charset,
            !parts.recodings.contains(where: {
                $0.from == source.number && $0.to == target.number
            })
        else { return }
        report(
            Diagnostic(
                .error,
                "no \"charset_map\" between the charsets \"\(source.name.text)\" and "
                    + "\"\(target.name.text)\"", at: word.place, length: word.length))
    }
}
