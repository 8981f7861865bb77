import Configuration
import Files
import HTTP

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
                        variable: .capture, index: Int32(number), text: parts.arena.store("")))
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
        where draft.variables.slot(of: name) == nil && Variable.named(name) == nil {
            reportUnknown(name, at: word)
        }
    }

    /// Returns a template of a constant text.
    mutating func template(constant text: [UInt8]) -> Template {
        Template(pieces: parts.arena.store(elements: text.isEmpty ? [] : [literal(text)]))
    }

    /// Adds a template to the plan. Returns its index.
    mutating func add(_ template: Template) -> Int32 {
        parts.templates.append(template)
        return Int32(parts.templates.count &- 1)
    }

    func literal(_ bytes: [UInt8]) -> TemplatePiece {
        TemplatePiece(variable: .literal, index: 0, text: parts.arena.store(bytes))
    }

    /// Returns a variable of the configuration, or a built-in one.
    mutating func variable(_ name: String) -> TemplatePiece? {
        if let slot = draft.variables.slot(of: name) {
            return TemplatePiece(
                variable: .slot, index: Int32(slot), text: parts.arena.store(name))
        }
        guard let known = Variable.named(name) else { return nil }
        if known.variable == .sentField || known.variable == .sentTrailer {
            parts.namesSentFields = true
        }
        switch known.variable {
        case .connectionsActive, .connectionsReading, .connectionsWriting, .connectionsWaiting:
            parts.countsConnections = true
        default: break
        }
        var index: Int32 = 0
        if known.variable == .field {
            let name = Array("\(known.rest)".utf8)
            index = FieldName(name: name.span).map { Int32($0.rawValue) } ?? -1
        }
        return TemplatePiece(
            variable: known.variable, index: index, text: parts.arena.store(known.rest))
    }

    mutating func reportUnknown(_ name: String, at word: Word?) {
        let nearest = Suggestion.nearest(
            to: name, among: Variable.allNames + draft.variables.names)
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
        parts.regexes.append(regex)
        parts.namedCaptures.append(parts.arena.store(elements: names))
        return Int32(parts.regexes.count &- 1)
    }
}

/// A named group of a regular expression, and the variable that it sets.
struct NamedCapture: BitwiseCopyable {
    var slot: Int32
    var number: Int32
}
