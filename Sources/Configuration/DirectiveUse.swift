/// One use of a directive: what a row's action is given.
///
/// The readers turn an argument into a value and throw a ``Diagnostic`` at the argument's place
/// when it is not one; an argument that is not there is a diagnostic too, never a trap.
public struct DirectiveUse: Sendable {
    /// The directive as it stands in the tree.
    public let directive: Directive
    /// The context it stands in: one bit.
    public let context: Contexts

    /// A directive in a context.
    public init(_ directive: Directive, in context: Contexts) {
        self.directive = directive
        self.context = context
    }

    /// The directive's name.
    public var name: String { directive.name.text }
    /// Its arguments.
    public var arguments: [Word] { directive.arguments }
    /// Where it starts.
    public var place: Place { directive.place }
    /// The rows of a raw block, or the directives of a block; empty without one.
    public var rows: [Directive] { directive.block ?? [] }

    /// A row of a raw block, to read its arguments with the same readers (and the same messages).
    public func use(ofRow row: Directive) -> DirectiveUse { DirectiveUse(row, in: context) }

    /// An error about the argument at `index` (about the name, without one).
    public func fail(_ message: String, at index: Int? = nil, help: [String] = []) -> Diagnostic {
        if let index, arguments.indices.contains(index) {
            return Diagnostic(message, at: arguments[index], help: help)
        }
        return Diagnostic(message, at: directive.name, help: help)
    }

    /// The argument's word.
    public func word(_ index: Int) throws(Diagnostic) -> Word {
        guard arguments.indices.contains(index) else {
            throw fail("invalid number of arguments in \"\(name)\" directive")
        }
        return arguments[index]
    }

    /// The argument as text.
    public func text(_ index: Int) throws(Diagnostic) -> String { try word(index).text }

    /// The argument's bytes, which need not be UTF-8.
    public func bytes(_ index: Int) throws(Diagnostic) -> [UInt8] { try word(index).bytes }

    /// `on` or `off`, in any case (ngx_conf_set_flag_slot).
    public func flag(_ index: Int) throws(Diagnostic) -> Bool {
        let word = try word(index)
        if ASCII.equalsIgnoringCase(word.bytes, "on") { return true }
        if ASCII.equalsIgnoringCase(word.bytes, "off") { return false }
        throw fail(
            "invalid value \"\(word.text)\" in \"\(name)\" directive, it must be \"on\" or \"off\"",
            at: index)
    }

    /// A size in bytes: digits, then `k` or `m` or nothing.
    public func size(_ index: Int) throws(Diagnostic) -> Int {
        guard let size = NginxSize.size(try word(index).bytes) else {
            throw invalid(
                "size", index, help: "a size is a number of bytes, or of k or m: 512, 8k, 1m")
        }
        return size
    }

    /// A size in bytes that may be a file's: digits, then `k`, `m` or `g` or nothing.
    public func offset(_ index: Int) throws(Diagnostic) -> Int {
        guard let offset = NginxSize.offset(try word(index).bytes) else {
            throw invalid(
                "size", index, help: "a size is a number of bytes, or of k, m or g: 512, 8k, 2g")
        }
        return offset
    }

    /// A time in milliseconds: `500ms`, `30s`, `1h30m`; a bare number is seconds.
    public func milliseconds(_ index: Int) throws(Diagnostic) -> Int {
        guard let time = NginxTime.milliseconds(try word(index).bytes) else {
            throw invalid(
                "time", index,
                help: "a time is a number with ms, s, m, h, d or w, largest first: 30s, 1h30m")
        }
        return time
    }

    /// A time in seconds: `30s`, `1h30m`, `1y`; a bare number is seconds.
    public func seconds(_ index: Int) throws(Diagnostic) -> Int {
        guard let time = NginxTime.seconds(try word(index).bytes) else {
            throw invalid(
                "time", index,
                help: "a time is a number with s, m, h, d, w, M or y, largest first: 30s, 1h30m")
        }
        return time
    }

    /// A number of digits only, zero or more.
    public func integer(_ index: Int) throws(Diagnostic) -> Int {
        guard let number = NginxSize.integer(try word(index).bytes[...]) else {
            throw invalid("number", index, help: nil)
        }
        return number
    }

    /// The value of the name that the argument is, in any case (ngx_conf_set_enum_slot).
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
