/// One use of a directive, which is passed to the action of its row.
///
/// The readers convert an argument and throw a ``Diagnostic`` at its place if it is invalid. A
/// missing argument is a diagnostic too, never a trap.
public struct DirectiveUse: Sendable {
    /// The directive in the tree.
    public let directive: Directive
    /// The context of the directive: one bit.
    public let context: Contexts

    /// Creates a use of a directive in a context.
    public init(_ directive: Directive, in context: Contexts) {
        self.directive = directive
        self.context = context
    }

    /// The directive's name.
    public var name: String { directive.name.text }
    /// The directive's arguments.
    public var arguments: [Word] { directive.arguments }
    /// The place where it starts.
    public var place: Place { directive.place }
    /// The rows of a raw block, or the directives of a block; empty without one.
    public var rows: [Directive] { directive.block ?? [] }

    /// Returns a row of a raw block as a use, to read its arguments with the same readers and
    /// messages.
    public func use(ofRow row: Directive) -> DirectiveUse { DirectiveUse(row, in: context) }

    /// Returns an error about the argument at `index`, or about the name.
    public func fail(_ message: String, at index: Int? = nil, help: [String] = []) -> Diagnostic {
        if let index, arguments.indices.contains(index) {
            return Diagnostic(message, at: arguments[index], help: help)
        }
        return Diagnostic(message, at: directive.name, help: help)
    }

    /// Returns the word of an argument.
    public func word(_ index: Int) throws(Diagnostic) -> Word {
        guard arguments.indices.contains(index) else {
            throw fail("invalid number of arguments in \"\(name)\" directive")
        }
        return arguments[index]
    }

    /// Returns an argument as text.
    public func text(_ index: Int) throws(Diagnostic) -> String { try word(index).text }

    /// Returns the bytes of an argument, which need not be UTF-8.
    public func bytes(_ index: Int) throws(Diagnostic) -> [UInt8] { try word(index).bytes }

    /// Reads `on` or `off`, in any case (ngx_conf_set_flag_slot).
    public func flag(_ index: Int) throws(Diagnostic) -> Bool {
        let word = try word(index)
        if ASCII.equalsIgnoringCase(word.bytes, "on") { return true }
        if ASCII.equalsIgnoringCase(word.bytes, "off") { return false }
        throw fail(
            "invalid value \"\(word.text)\" in \"\(name)\" directive, it must be \"on\" or \"off\"",
            at: index)
    }

    /// Reads a size in bytes: digits, optionally followed by `k` or `m`.
    public func size(_ index: Int) throws(Diagnostic) -> Int {
        guard let size = NginxSize.size(try word(index).bytes) else {
            throw invalid(
                "size", index, help: "a size is a number of bytes, or of k or m: 512, 8k, 1m")
        }
        return size
    }

    /// Reads a file size in bytes: digits, optionally followed by `k`, `m` or `g`.
    public func offset(_ index: Int) throws(Diagnostic) -> Int {
        guard let offset = NginxSize.offset(try word(index).bytes) else {
            throw invalid(
                "size", index, help: "a size is a number of bytes, or of k, m or g: 512, 8k, 2g")
        }
        return offset
    }

    /// Reads a time in milliseconds: `500ms`, `30s`, `1h30m`; a number without a unit is seconds.
    public func milliseconds(_ index: Int) throws(Diagnostic) -> Int {
        guard let time = NginxTime.milliseconds(try word(index).bytes) else {
            throw invalid(
                "time", index,
                help: "a time is a number with ms, s, m, h, d or w, largest first: 30s, 1h30m")
        }
        return time
    }

    /// Reads a time in seconds: `30s`, `1h30m`, `1y`; a number without a unit is seconds.
    public func seconds(_ index: Int) throws(Diagnostic) -> Int {
        guard let time = NginxTime.seconds(try word(index).bytes) else {
            throw invalid(
                "time", index,
                help: "a time is a number with s, m, h, d, w, M or y, largest first: 30s, 1h30m")
        }
        return time
    }

    /// Reads a non-negative decimal number.
    public func integer(_ index: Int) throws(Diagnostic) -> Int {
        guard let number = NginxSize.integer(try word(index).bytes[...]) else {
            throw invalid("number", index, help: nil)
        }
        return number
    }

    /// Returns the value of the choice that the argument names, in any case
    /// (ngx_conf_set_enum_slot).
    public func oneOf<Value>(
        _ index: Int, _ choices: [(String, Value)]
    ) throws(Diagnostic) -> Value {
        let word = try word(index)
        for (choice, value) in choices where ASCII.equalsIgnoringCase(word.bytes, choice) {
            return value
        }
        let names = joined(choices.map { "\"\($0.0)\"" }, by: "or")
        throw invalid("value", index, help: "it must be \(names)")
    }

    private func invalid(_ kind: String, _ index: Int, help: String?) -> Diagnostic {
        fail(
            "invalid \(kind) \"\(arguments[index].text)\" in \"\(name)\" directive", at: index,
            help: help.map { [$0] } ?? [])
    }
}
