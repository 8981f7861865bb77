import Configuration
import HTTP

/// Compilation of the fields that a level adds to responses.
extension PlanCompiler {
    /// Compiles the added fields of a level. Returns their index; -1 for none.
    mutating func fields(of settings: AddedFieldSettings) -> Int32 {
        guard settings.addsAny else { return -1 }
        let fields = (settings.fields ?? []).map { compiled($0, isTrailer: false) }
        let trailers = (settings.trailers ?? []).map { compiled($0, isTrailer: true) }
        var rule = ExpiresRule(.off)
        var text = template(constant: [])
        var source = ExpiresSource.rule
        switch settings.expires {
        case .rule(let known): rule = known
        case .text(let word, let fromModified):
            text = template(word)
            source = fromModified ? .textFromModified : .text
        case nil: break
        }
        let isConstant =
            rule.kind == .off && source == .rule
            && fields.allSatisfy {
                $0.value.isConstant && $0.kind != .etag && $0.kind != .lastModified
            }
        parts.fields.append(
            FieldsPlan(
                expires: rule, expiresText: text, expiresFrom: source,
                fields: parts.arena.store(elements: fields),
                trailers: parts.arena.store(elements: trailers), isConstant: isConstant,
                whole: isConstant ? lines(fields) : parts.arena.store(""),
                always: isConstant ? lines(fields.filter(\.isForAll)) : parts.arena.store(""),
                wholeHasAllow: fields.contains(where: isAllow),
                alwaysHasAllow: fields.contains { $0.isForAll && isAllow($0) }))
        return Int32(parts.fields.count &- 1)
    }

    /// True for an Allow with a value; a header with an empty value is not sent.
    private func isAllow(_ field: AddedFieldPlan) -> Bool {
        field.kind == .allow && !field.value.isEmpty
    }

    private mutating func compiled(
        _ draft: AddedFieldDraft, isTrailer: Bool
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
            kind: kind, isForAll: draft.isForAll, name: parts.arena.store(start),
            value: template(draft.value))
    }

    private func inLine(_ byte: UInt8) -> UInt8 {
        byte == 0 || byte == 0x0A || byte == 0x0D ? 0x20 : byte
    }

    /// Returns fields with constant values, as they are sent; an empty value sends none.
    private mutating func lines(_ fields: [AddedFieldPlan]) -> PlanBytes {
        var lines: [UInt8] = []
        for field in fields {
            guard let value = field.value.constant, !value.isEmpty else { continue }
            lines += Array(field.name) + Array(value).map(inLine)
        }
        return parts.arena.store(lines)
    }
}
