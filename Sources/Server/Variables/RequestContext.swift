/// The state of a request beyond its bytes and its place in the plan. It is created on first use,
/// so that a request without such features has none.
final class RequestContext {
    /// The value of a variable that the configuration defines.
    enum Value {
        /// The variable was neither used nor set yet.
        case unset
        case missing
        case known([UInt8])
    }

    /// Values by variable slot.
    var values: [Value]
    /// The query, after a rewrite or a redirect changed it.
    var args: [UInt8]?
    /// The path, if it may have changed, while the request is not processed.
    var uri: [UInt8]?
    /// The captures of the last regular expression that matched.
    var captures = Captures()
    /// True if the path is appended to an alias to a single file, because try_files found a file
    /// there.
    var addsPathToAlias = false
    /// The results of limit_req and limit_conn, each evaluated once.
    var requestLimiting: LimitStatus?
    var connectionLimiting: LimitStatus?
    /// The connections counted in zones of limit_conn.
    var countedConnections: [CountedConnection] = []
    /// The bytes per second assigned by `set $limit_rate`.
    var assignedRate: Int64?
    /// The rate limit of the response, once it is known; the inner nil means unlimited.
    var sendRate: RateBucket??
    /// True if the path was rewritten within its location, so that an alias cannot replace the
    /// location's name any more.
    var isOutsideAlias = false
    /// The target of a redirect: the value of Location.
    var target: [UInt8]?
    /// The state of the password check.
    var passwordCheck = PasswordCheck()
    /// The values of variables that are computed once, by the number of the row; nil for none.
    var computedValues: [UInt8: [UInt8]?] = [:]
    /// The cookie of userid, once it was evaluated.
    var userID: UserIDState?
    /// The added fields of a file's response that became a 416.
    var fieldsOfFile: [UInt8]?
    /// The trailers of the response, each with its line end.
    var trailers: [UInt8] = []
    /// The sizes of a body that was compressed for the cache, before and after.
    var compressedSizes: (plain: Int64, compressed: Int64)?

    init(slots: Int) { values = Array(repeating: .unset, count: slots) }
}

/// The groups of a match, with a copy of the subject.
struct Captures {
    private(set) var subject: [UInt8] = []
    private(set) var ranges: [Range<Int>?] = []

    init() {}

    init(subject: [UInt8], ranges: [Range<Int>?]) {
        self.subject = subject
        self.ranges = ranges
    }

    /// The bytes of a group; nil if it did not take part in the match.
    subscript(_ number: Int) -> ArraySlice<UInt8>? {
        guard ranges.indices.contains(number), let range = ranges[number],
            range.upperBound <= subject.count
        else { return nil }
        return subject[range]
    }
}
