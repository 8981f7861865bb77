import Configuration
import Files

/// Where the value of a variable that the configuration makes comes from.
enum VariableSource: Equatable {
    /// `set`: empty until it is set.
    case assigned
    /// A named group: not there until its expression has matched.
    case captured
    /// Which of the draft's maps.
    case map(Int)
    /// Which of the draft's geos.
    case geo(Int)
    /// Which of the draft's split_clients.
    case split(Int)
}

/// The variables that a configuration makes, each with a slot, while it is read.
struct VariableDrafts {
    private(set) var names: [String] = []
    private(set) var sources: [VariableSource] = []
    private var slots: [String: Int] = [:]

    /// The slot of a variable, which may be in use already: a `map` and a `set` may share one. The
    /// built-in variables cannot be taken.
    mutating func declare(
        _ name: String, _ source: VariableSource, _ use: DirectiveUse, at index: Int
    ) throws(Diagnostic) -> Int {
        if Variable.isBuiltIn(name) {
            throw use.fail("the duplicate \"\(name)\" variable", at: index)
        }
        return declare(name, source)
    }

    /// The same for a `$name` that is an argument.
    mutating func declare(
        argument index: Int, _ source: VariableSource, _ use: DirectiveUse
    ) throws(Diagnostic) -> Int {
        try declare(try use.variableName(index), source, use, at: index)
    }

    /// The named groups of a pattern; one that does not compile is reported later, when it is.
    mutating func declareCaptures(of pattern: [UInt8]) {
        let text = String(decoding: pattern, as: UTF8.self)
        guard pattern.contains(UInt8(ascii: "?")),
            let regex = try? Regex.compile(pattern: text, caseless: true)
        else { return }
        for (name, _) in regex.names where !Variable.isBuiltIn(name.lowercased()) {
            _ = declare(name.lowercased(), .captured)
        }
    }

    private mutating func declare(_ name: String, _ source: VariableSource) -> Int {
        if let slot = slots[name] {
            if source != .assigned, source != .captured || sources[slot] == .assigned {
                sources[slot] = source
            }
            return slot
        }
        names.append(name)
        sources.append(source)
        slots[name] = names.count - 1
        return names.count - 1
    }

    func slot(of name: String) -> Int? { slots[name] }
}

extension DirectiveUse {
    /// The name of the variable that an argument is.
    func variableName(_ index: Int) throws(Diagnostic) -> String {
        let word = try word(index)
        var rest = word.bytes[...]
        guard rest.popFirst() == UInt8(ascii: "$"),
            let name = TemplateSyntax.variableName(at: &rest), rest.isEmpty
        else {
            throw fail("invalid variable name \"\(word.text)\"", at: index)
        }
        return name
    }
}

/// A variable that the configuration makes, compiled.
struct VariablePlan: BitwiseCopyable {
    enum Source: UInt8, BitwiseCopyable {
        case assigned, captured, map, geo, split
    }

    let name: PlanBytes
    let source: Source
    /// Which of the plan's maps, geos or splits.
    let index: Int32

    init(name: PlanBytes, _ source: VariableSource) {
        self.name = name
        switch source {
        case .assigned: (self.source, index) = (.assigned, 0)
        case .captured: (self.source, index) = (.captured, 0)
        case .map(let number): (self.source, index) = (.map, Int32(clamping: number))
        case .geo(let number): (self.source, index) = (.geo, Int32(clamping: number))
        case .split(let number): (self.source, index) = (.split, Int32(clamping: number))
        }
    }
}
