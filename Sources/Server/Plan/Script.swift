/// A step of a level's `rewrite`, `return`, `set`, `if` and `break`, compiled. Steps run in the
/// order of the file; the body of an `if` follows its test.
struct ScriptStep: BitwiseCopyable {
    enum Operation: UInt8, BitwiseCopyable {
        /// Sets the variable in slot `index` to `left`.
        case set
        /// Sets the query to `left`.
        case setArguments
        /// Sets the rate of limit_rate to `left`.
        case setRate
        /// Continues at step `index` unless `condition` is true.
        case test
        /// Enters the pseudo location `index`.
        case enter
        /// Replaces the path by `left` and the query by `right` if the path matches `regex`.
        case rewrite
        /// Responds with status `index`, and with `left` if `hasText`.
        case respond
        case stop
    }

    var operation: Operation
    var condition = Condition.holds
    var rewrite = RewriteFlags()
    var regex: Int32 = -1
    var index: Int32 = 0
    var left: Template
    var right: Template

    /// The condition of an `if`.
    enum Condition: UInt8, BitwiseCopyable {
        /// True if the value is neither empty nor `0`.
        case holds
        case equals, differs
        case matches, matchesNot
        case isFile, isDirectory, exists, isExecutable
        case isNoFile, isNoDirectory, existsNot, isNotExecutable
    }
}

/// The effects of a `rewrite` that matches.
struct RewriteFlags: OptionSet, BitwiseCopyable {
    let rawValue: UInt8

    /// `last`: later steps do not run.
    static let last = RewriteFlags(rawValue: 1)
    /// `break`: no location is searched either.
    static let staysInLocation = RewriteFlags(rawValue: 2)
    /// The client is redirected, with the step's index as the status.
    static let redirects = RewriteFlags(rawValue: 4)
    /// The replacement has a query of its own.
    static let hasArguments = RewriteFlags(rawValue: 8)
    /// The request's query is appended.
    static let keepsArguments = RewriteFlags(rawValue: 16)
    /// `return` has a text.
    static let hasText = RewriteFlags(rawValue: 32)
}
