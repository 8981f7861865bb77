/// The number of arguments that a directive accepts.
public enum ArgumentCount: Hashable, Sendable {
    /// Exactly this number.
    case exactly(Int)
    /// One of these numbers.
    case oneOf([Int])
    /// At least this number.
    case atLeast(Int)
    /// From the first to the second, both included.
    case between(Int, Int)
    /// One, which is `on` or `off`.
    case flag

    /// Returns true if a directive may have `count` arguments.
    public func allows(_ count: Int) -> Bool {
        switch self {
        case .exactly(let wanted): count == wanted
        case .oneOf(let counts): counts.contains(count)
        case .atLeast(let least): count >= least
        case .between(let least, let most): count >= least && count <= most
        case .flag: count == 1
        }
    }

    /// The count in words, to follow "takes": "no arguments", "1 or 2 arguments".
    public var description: String {
        switch self {
        case .exactly(0): "no arguments"
        case .exactly(1): "1 argument"
        case .exactly(let wanted): "\(wanted) arguments"
        case .oneOf(let counts): "\(joined(counts.map(String.init), by: "or")) arguments"
        case .atLeast(1): "1 argument or more"
        case .atLeast(let least): "\(least) arguments or more"
        case .between(let least, let most): "\(least) to \(most) arguments"
        case .flag: "1 argument, \"on\" or \"off\""
        }
    }
}

/// Joins words as in a sentence: `a, b or c`.
func joined(_ words: [String], by conjunction: String) -> String {
    guard words.count > 1, let last = words.last else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " \(conjunction) " + last
}
