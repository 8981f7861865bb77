import Configuration
import HTTP

/// A piece of a text with variables: literal bytes, or a variable.
struct TemplatePiece: BitwiseCopyable {
    let variable: Variable
    /// The number of a capture, the slot of a variable of the configuration, or the number of a
    /// field as a ``FieldName``; -1 for none.
    let index: Int32
    /// The bytes of a literal; the name of a field, an argument or a cookie.
    let text: PlanBytes

    /// The field that it refers to, if the position of that field is stored.
    var fieldName: FieldName? {
        variable == .field ? FieldName(rawValue: UInt8(truncatingIfNeeded: index)) : nil
    }
}

extension TemplatePiece {
    /// True if its value is the same for all requests with the same path and server. A looked-up
    /// value (of a map) depends on others, which are tested themselves.
    var dependsOnPathOnly: Bool {
        switch variable {
        case .literal, .capture, .slot, .documentURI, .documentRoot, .requestFilename,
            .serverName, .hostname, .nginxVersion, .scheme, .empty, .foreign:
            return true
        case .sentField: return text.span.equals("content-type")
        default: return false
        }
    }

    /// Returns true if its value is unknown for a cached response, because it depends on how the
    /// response was built. Without a context the path is that of the request.
    func dependsOnEvaluation(hasContext: Bool) -> Bool {
        switch variable {
        case .documentURI, .args, .isArgs, .argument: return hasContext
        case .capture, .slot, .documentRoot, .realpathRoot, .requestFilename, .sentField,
            .sentTrailer, .gzipRatio, .limitRequestStatus, .limitConnectionStatus, .limitRate,
            .secureLink, .secureLinkExpires, .invalidReferer, .uidGot, .uidSet, .uidReset:
            return true
        default: return false
        }
    }
}

extension PlanTable where Element == TemplatePiece {
    /// Returns true if one of them depends on it.
    func dependsOnEvaluation(hasContext: Bool) -> Bool {
        for index in 0..<count where self[index].dependsOnEvaluation(hasContext: hasContext) {
            return true
        }
        return false
    }
}

/// A text with variables, compiled (nginx's complex value).
struct Template: BitwiseCopyable {
    let pieces: PlanTable<TemplatePiece>

    /// True if it has no variables.
    var isConstant: Bool {
        pieces.count == 0 || pieces.count == 1 && pieces[0].variable == .literal
    }

    /// The text without variables, if ``isConstant``.
    var constant: PlanBytes? { pieces.count == 1 && isConstant ? pieces[0].text : nil }

    /// True for the empty text.
    var isEmpty: Bool { pieces.count == 0 }

    func names(_ variable: Variable) -> Bool {
        for index in 0..<pieces.count where pieces[index].variable == variable { return true }
        return false
    }
}

/// A part of a text, before variables are looked up.
enum TemplateToken: Equatable {
    case literal([UInt8])
    case name(String)
    /// `$1` to `$9`.
    case capture(Int)
}

/// A `$` that no name follows.
struct InvalidVariableName: Error {}

/// Parses texts with variables.
enum TemplateSyntax {
    /// Splits a text into tokens in nginx's syntax: `$name`, `${name}`, `$1`. In the ranges `plain`
    /// a `$` is an ordinary byte.
    static func tokens(
        _ text: [UInt8], plain: [Range<Int>] = []
    ) throws(InvalidVariableName) -> [TemplateToken] {
        var tokens: [TemplateToken] = []
        var literal: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            let offset = rest.startIndex &- 1
            guard byte == UInt8(ascii: "$"), !plain.contains(where: { $0.contains(offset) })
            else {
                literal.append(byte)
                continue
            }
            if !literal.isEmpty { tokens.append(.literal(literal)) }
            literal = []
            if let digit = rest.first, digit &- UInt8(ascii: "1") < 9 {
                rest.removeFirst()
                tokens.append(.capture(Int(digit &- UInt8(ascii: "0"))))
            } else if let name = variableName(at: &rest) {
                tokens.append(.name(name))
            } else {
                throw InvalidVariableName()
            }
        }
        if !literal.isEmpty { tokens.append(.literal(literal)) }
        return tokens
    }

    /// Removes `name` or `{name}` from the front and returns it in lower case: the names of
    /// variables ignore case. Returns nil if there is no name.
    static func variableName(at rest: inout ArraySlice<UInt8>) -> String? {
        var copy = rest
        let isBraced = copy.first == UInt8(ascii: "{")
        if isBraced { copy.removeFirst() }
        let name = copy.prefix { byte in
            byte == UInt8(ascii: "_") || (byte | 0x20) &- UInt8(ascii: "a") < 26
                || byte &- UInt8(ascii: "0") < 10
        }
        copy = copy.dropFirst(name.count)
        if isBraced {
            guard copy.first == UInt8(ascii: "}") else { return nil }
            copy.removeFirst()
        }
        guard !name.isEmpty else { return nil }
        rest = copy
        return String(decoding: name, as: UTF8.self).lowercased()
    }
}
