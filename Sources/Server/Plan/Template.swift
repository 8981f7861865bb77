import Configuration
import Files
import HTTP

/// A piece of a text with variables: literal bytes, or a variable.
struct TemplatePiece: BitwiseCopyable {
    /// The source of its bytes.
    enum Source: UInt8, BitwiseCopyable {
        case literal
        /// A group of the last regular expression that matched.
        case capture
        /// A variable of the configuration.
        case slot
        /// The function of a built-in variable's row.
        case row
        /// `$document_root` and `$request_filename`: functions of rows, known because `..` in their
        /// values are the configuration's.
        case root, file
        /// Built-in variables of the format combined, which are written without such a call.
        case remoteAddress, timeLocal, status, bodyBytesSent, request
        /// A header whose position is stored.
        case field
    }

    let source: Source
    /// The number of a built-in variable in ``VariableList``.
    var row: UInt8 = 0
    var traits: VariableTraits = []
    /// The header of the source `field`.
    var field: FieldName?
    /// The number of a capture, or the slot of a variable of the configuration.
    var index: Int32 = 0
    /// The bytes of a literal; the name of a field, an argument or a cookie.
    let text: PlanBytes

    /// The cacheability of a response that contains the value. The values of captures and of the
    /// configuration's variables come from others, which are recorded themselves.
    var cacheability: Cacheability {
        switch source {
        case .literal, .capture, .slot: .shared
        default: VariableList.rows[Int(row)].cacheability
        }
    }
}

extension PlanTable where Element == TemplatePiece {
    /// Returns true if a value is unknown for a cached response, because it depends on how the
    /// response was built. Without a context the path is that of the request.
    func dependsOnEvaluation(hasContext: Bool) -> Bool {
        let traits: VariableTraits = hasContext ? [.ofEvaluation, .ofContext] : .ofEvaluation
        for index in 0..<count where !self[index].traits.isDisjoint(with: traits) { return true }
        return false
    }
}

/// A text with variables, compiled (nginx's complex value).
struct Template: BitwiseCopyable {
    let pieces: PlanTable<TemplatePiece>

    /// True if it has no variables.
    var isConstant: Bool {
        pieces.count == 0 || pieces.count == 1 && pieces[0].source == .literal
    }

    /// The text without variables, if ``isConstant``.
    var constant: PlanBytes? { pieces.count == 1 && isConstant ? pieces[0].text : nil }

    /// True for the empty text.
    var isEmpty: Bool { pieces.count == 0 }

    var hasCaptures: Bool {
        for index in 0..<pieces.count where pieces[index].source == .capture { return true }
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

/// Compilation of texts with variables, and of regular expressions: names are looked up when all of
/// the configuration is known.
extension PlanCompiler {
    /// Compiles an argument; an unknown variable is reported.
    mutating func template(_ word: Word) -> Template { template(word.bytes, of: word) }

    /// Compiles a part of an argument.
    mutating func template(_ bytes: [UInt8], of word: Word) -> Template {
        var pieces: [TemplatePiece] = []
        for token in tokens(bytes, of: word) {
            switch token {
            case .literal(let bytes): pieces.append(literal(bytes))
            case .capture(let number):
                parts.usesCaptures = true
                pieces.append(
                    TemplatePiece(
                        source: .capture, traits: .ofEvaluation, index: Int32(number),
                        text: parts.arena.store("")))
            case .name(let name):
                guard let piece = variable(name) else {
                    reportUnknown(name, at: word)
                    continue
                }
                pieces.append(piece)
            }
        }
        return Template(pieces: parts.arena.store(elements: pieces))
    }

    /// Splits a part of an argument into tokens. Reports an invalid name at the argument.
    private mutating func tokens(_ bytes: [UInt8], of word: Word) -> [TemplateToken] {
        do {
            return try TemplateSyntax.tokens(bytes, plain: word.literals(in: bytes))
        } catch {
            report(
                Diagnostic(
                    .error, "invalid variable name", at: word.place, length: word.length,
                    help: ["a name of letters, digits and _ follows a $"]))
            return []
        }
    }

    /// Reports unknown variables in an argument, without compiling it.
    mutating func checkVariables(of word: Word) {
        for case .name(let name) in tokens(word.bytes, of: word)
        where draft.variables.slot(of: name) == nil && VariableList.find(name) == nil {
            reportUnknown(name, at: word)
        }
    }

    /// Returns a template of a constant text.
    mutating func template(constant text: [UInt8]) -> Template {
        Template(pieces: parts.arena.store(elements: text.isEmpty ? [] : [literal(text)]))
    }

    /// Adds a template to the plan. Returns its index.
    mutating func add(_ template: Template) -> Int32 {
        return parts.templates.add(template)
    }

    func literal(_ bytes: [UInt8]) -> TemplatePiece {
        TemplatePiece(source: .literal, text: parts.arena.store(bytes))
    }

    /// Returns a variable of the configuration, or a built-in one.
    mutating func variable(_ name: String) -> TemplatePiece? {
        if let slot = draft.variables.slot(of: name) {
            return TemplatePiece(
                source: .slot, traits: .ofEvaluation, index: Int32(slot),
                text: parts.arena.store(name))
        }
        guard let (number, rest) = VariableList.find(name) else { return nil }
        let row = VariableList.rows[Int(number)]
        if let flag = row.flag { parts[keyPath: flag] = true }
        let field = row.source == .field ? FieldName(name: Array(rest.utf8).span) : nil
        return TemplatePiece(
            source: row.source == .field && field == nil ? .row : row.source, row: number,
            traits: row.traits, field: field, text: parts.arena.store(rest))
    }

    mutating func reportUnknown(_ name: String, at word: Word?) {
        let nearest = Suggestion.nearest(
            to: name, among: VariableList.names + draft.variables.names)
        report(
            Diagnostic(
                .error, "unknown \"\(name)\" variable", at: word?.place,
                length: word?.length ?? 1,
                help: nearest.map { ["did you mean \"$\($0)\"?"] } ?? []))
    }

    // MARK: regular expressions

    /// Compiles a pattern, whose named groups are variables. Returns its index.
    mutating func regex(_ pattern: [UInt8], ignoresCase: Bool, of word: Word) -> Int32? {
        let text = String(decoding: pattern, as: UTF8.self)
        do {
            return addRegex(try Regex.compile(pattern: text, caseless: ignoresCase))
        } catch {
            report(
                Diagnostic(
                    .error, "\(error.message) in the regular expression \"\(text)\"",
                    at: word.place, length: word.length))
            return nil
        }
    }

    mutating func addRegex(_ regex: Regex) -> Int32 {
        let names = regex.names.compactMap { name, number -> NamedCapture? in
            guard let slot = draft.variables.slot(of: name.lowercased()) else { return nil }
            return NamedCapture(slot: Int32(slot), number: Int32(number))
        }
        parts.namedCaptures.append(parts.arena.store(elements: names))
        return parts.regexes.add(regex)
    }
}

/// A named group of a regular expression, and the variable that it sets.
struct NamedCapture: BitwiseCopyable {
    var slot: Int32
    var number: Int32
}
