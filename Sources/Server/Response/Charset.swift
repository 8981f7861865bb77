import HTTP
import Linux

/// charset: the charset in Content-Type, and recoding of texts to it.
enum Charsets {
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
        let targetText = services.evaluatedCharset
        let source: Charset?
        if case .constant(let bytes) = known {
            source = Charset(name: known, number: number(of: bytes.span, services))
        } else if let plan = filter.source {
            source = charset(plan, &request, &services)
            if source == nil { return }
        } else {
            source = nil
        }
        let sourceText = services.evaluatedCharset
        services.evaluatedCharset = targetText
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
        services.evaluatedCharset = Variables.value(
            of: services.plan.templates[Int(setting.template)], &request, &services)
        guard !services.evaluatedCharset.isEmpty else { return nil }
        return Charset(
            name: .evaluated, number: number(of: services.evaluatedCharset.span, services))
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
    /// The worker's `evaluatedCharset`, the value of a variable.
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
