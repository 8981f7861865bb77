/// A step of a level's `rewrite`, `return`, `set`, `if` and `break`, compiled. Steps run in the
/// order of the file; the body of an `if` stands behind its test.
struct ScriptStep: BitwiseCopyable {
    enum Operation: UInt8, BitwiseCopyable {
        /// `left` becomes the value of the variable in slot `index`.
        case set
        /// `left` becomes the query.
        case setArguments
        /// `left` becomes the rate that limit_rate gives.
        case setRate
        /// Goes on at step `index` unless `condition` holds.
        case test
        /// What the request is answered by is now the pseudo location `index`.
        case enter
        /// Where the path matches `regex`, `left` takes its place and `right` that of the query.
        case rewrite
        /// Answers with status `index`, and with `left` where `hasText`.
        case answer
        case stop
    }

    var operation: Operation
    var condition = Condition.holds
    var rewrite = RewriteFlags()
    var regex: Int32 = -1
    var index: Int32 = 0
    var left: Template
    var right: Template

    /// What an `if` asks.
    enum Condition: UInt8, BitwiseCopyable {
        /// The value is neither empty nor `0`.
        case holds
        case equals, differs
        case matches, matchesNot
        case isFile, isDirectory, exists, isExecutable
        case isNoFile, isNoDirectory, existsNot, isNotExecutable
    }
}

/// What a `rewrite` does once it has matched.
struct RewriteFlags: OptionSet, BitwiseCopyable {
    let rawValue: UInt8

    /// `last`: nothing after it is run.
    static let last = RewriteFlags(rawValue: 1)
    /// `break`: nor is a location looked for.
    static let staysInLocation = RewriteFlags(rawValue: 2)
    /// The client is sent elsewhere, with the step's index as status.
    static let redirects = RewriteFlags(rawValue: 4)
    /// The replacement has a query of its own.
    static let hasArguments = RewriteFlags(rawValue: 8)
    /// The request's query is put behind it.
    static let keepsArguments = RewriteFlags(rawValue: 16)
    /// `return` has a text.
    static let hasText = RewriteFlags(rawValue: 32)
}
