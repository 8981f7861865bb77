import Configuration
import Files

/// The source of a variable that the configuration defines.
enum VariableSource: Equatable {
    /// `set`: empty until it is assigned.
    case assigned
    /// A named group: without a value until its regular expression has matched.
    case captured
    /// The index of the draft's map.
    case map(Int)
    /// The index of the draft's geo.
    case geo(Int)
    /// The index of the draft's split_clients.
    case split(Int)
}

/// The variables that a configuration defines, with their slots, while it is read.
struct VariableDrafts {
    private(set) var names: [String] = []
    private(set) var sources: [VariableSource] = []
    private var slots: [String: Int] = [:]

    /// Declares a variable and returns its slot, which may exist already: a `map` and a `set` may
    /// share one. Built-in variables are refused.
    mutating func declare(
        _ name: String, _ source: VariableSource, _ use: DirectiveUse, at index: Int
    ) throws(Diagnostic) -> Int {
        if VariableList.isBuiltIn(name) {
            throw use.fail("the duplicate \"\(name)\" variable", at: index)
        }
        return declare(name, source)
    }

    /// Declares a variable `$name` that is an argument.
    mutating func declare(
        argument index: Int, _ source: VariableSource, _ use: DirectiveUse
    ) throws(Diagnostic) -> Int {
        try declare(try use.variableName(index), source, use, at: index)
    }

    /// Declares the named groups of a pattern; an invalid pattern is reported later, when it is
    /// compiled.
    mutating func declareCaptures(of pattern: [UInt8]) {
        let text = String(decoding: pattern, as: UTF8.self)
        guard pattern.contains(UInt8(ascii: "?")),
            let regex = try? Regex.compile(pattern: text, caseless: true)
        else { return }
        for (name, _) in regex.names where !VariableList.isBuiltIn(name.lowercased()) {
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
    /// Returns the name of the variable in an argument.
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

/// A variable that the configuration defines, compiled.
struct VariablePlan: BitwiseCopyable {
    enum Source: UInt8, BitwiseCopyable {
        case assigned, captured, map, geo, split

        /// The cacheability of a response that contains the value. Apart from the client's address,
        /// the value comes from a text or a script that is recorded itself.
        var cacheability: Cacheability {
            switch self {
            case .assigned, .captured, .map, .split: .shared
            case .geo: .perRequest
            }
        }
    }

    let name: PlanBytes
    let source: Source
    /// The index of the plan's map, geo or split.
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
