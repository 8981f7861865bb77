/// An access log whose file name contains variables, with the rules that a name must meet.
///
/// A client chooses parts of the name, and the process that opens the file learns the name from a
/// less privileged one. So both check it: it must keep the constant text around the variables, and
/// variables must not add `..` components.
struct VariableLog: Equatable, Sendable {
    /// The constant text before the first variable: at least a slash.
    let prefix: [UInt8]
    /// The constant text after the last variable.
    let suffix: [UInt8]
    /// The number of `..` components in the configuration's own text.
    let upCount: Int
    /// The index of the plan's cache that keeps such files open; -1 for none.
    let cache: Int

    /// The longest name that open(2) accepts, without its final zero byte.
    static let maxNameLength = 4095

    /// The rules of a name that consists of `parts`; nil stands for a variable.
    init(_ parts: [[UInt8]?], cache: Int) {
        let isConstant = !parts.contains { $0 == nil }
        prefix = parts.prefix { $0 != nil }.flatMap { $0 ?? [] }
        let last = isConstant ? [] : parts.reversed().prefix { $0 != nil }.reversed()
        suffix = last.flatMap { $0 ?? [] }
        // A byte that is no dot stands for each variable: two of them never form a component.
        upCount = VariableLog.upCount(in: parts.flatMap { $0 ?? [UInt8(ascii: "x")] })
        self.cache = cache
    }

    /// True if `name` is one that the configuration allows.
    func allows(_ name: [UInt8]) -> Bool {
        name.count >= prefix.count + suffix.count && !name.contains(0)
            && name.starts(with: prefix) && name.suffix(suffix.count).elementsEqual(suffix)
            && VariableLog.upCount(in: name) <= upCount
    }

    /// Returns the number of `..` components of a path.
    private static func upCount(in path: [UInt8]) -> Int {
        let up = [UInt8](repeating: UInt8(ascii: "."), count: 2)
        return path.split(separator: UInt8(ascii: "/")).count { $0.elementsEqual(up) }
    }
}
