import Configuration
import HTTP

/// A piece of a text with variables: bytes as they are, or a variable.
struct TemplatePiece: BitwiseCopyable {
    let variable: Variable
    /// The number of a capture, the slot of a variable that the configuration makes, or of a field
    /// its number as a ``FieldName``; -1 for none.
    let index: Int32
    /// The bytes of a literal; the name of a field, an argument or a cookie.
    let text: PlanBytes

    /// Which of the fields that are kept where they were found this names, if it names one.
    var fieldName: FieldName? {
        variable == .field ? FieldName(rawValue: UInt8(truncatingIfNeeded: index)) : nil
    }
}

extension TemplatePiece {
    /// Its value is the same for all requests with this path and server. What is looked up (a map's
    /// value) is made of others, each of which is asked for itself.
    var isOfPath: Bool {
        switch variable {
        case .literal, .capture, .slot, .documentURI, .documentRoot, .requestFilename,
            .serverName, .hostname, .nginxVersion, .scheme, .empty, .foreign:
            return true
        case .sentField: return text.span.equals("content-type")
        default: return false
        }
    }

    /// Its value cannot be told of an answer that was kept: it depends on how the answer was made.
    /// Without a context the path is that of the request.
    func isOfMaking(hasContext: Bool) -> Bool {
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
    /// Whether one of them is.
    func isOfMaking(hasContext: Bool) -> Bool {
        for index in 0..<count where self[index].isOfMaking(hasContext: hasContext) {
            return true
        }
        return false
    }
}

/// A text that may name variables, compiled (nginx's complex value).
struct Template: BitwiseCopyable {
    let pieces: PlanTable<TemplatePiece>

    /// It names no variable.
    var isConstant: Bool {
        pieces.count == 0 || pieces.count == 1 && pieces[0].variable == .literal
    }

    /// The text without variables; only where ``isConstant``.
    var constant: PlanBytes? { pieces.count == 1 && isConstant ? pieces[0].text : nil }

    /// It is the text of no bytes.
    var isEmpty: Bool { pieces.count == 0 }

    func names(_ variable: Variable) -> Bool {
        for index in 0..<pieces.count where pieces[index].variable == variable { return true }
        return false
    }
}

/// What a text with variables is made of, before the variables are looked up.
enum TemplateToken: Equatable {
    case literal([UInt8])
    case name(String)
    /// `$1` to `$9`.
    case capture(Int)
}

/// A `$` that no name follows.
struct InvalidVariableName: Error {}

/// Takes a text apart.
enum TemplateSyntax {
    /// The tokens of a text in nginx's syntax: `$name`, `${name}`, `$1`.
    /// In the stretches that are `plain` a `$` is a byte like others.
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

    /// `name` or `{name}`, taken off, in lower case: the case of variables' names does not matter.
    /// nil when no name stands there.
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
