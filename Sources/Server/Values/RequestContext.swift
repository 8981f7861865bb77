/// What a request has beyond its bytes and its place in the plan: made when one of its location's
/// features asks for it, so that a request that needs none of them has none.
final class RequestContext {
    /// The value of a variable that the configuration makes.
    enum Value {
        /// Nobody has asked for it, and nothing has set it.
        case unset
        case missing
        case known([UInt8])
    }

    /// Values by slot.
    var values: [Value]
    /// The query, where a rewrite or a redirect has made another one of it.
    var args: [UInt8]?
    /// The path, while another request has the worker's buffer.
    var uri: [UInt8]?
    /// What the last regular expression that matched has captured.
    var captures = Captures()
    /// An alias that is the whole path has the path behind it, because try_files found that there.
    var addsPathToAlias = false
    /// `$request_id`, the same wherever it is named.
    var requestID: [UInt8]?
    /// What limit_req and limit_conn have made of the request: each is asked once.
    var requestLimiting: LimitStatus?
    var connectionLimiting: LimitStatus?
    /// What the request counts for in zones of limit_conn.
    var heldConnections: [HeldConnection] = []
    /// Bytes a second that `set $limit_rate` has given.
    var assignedRate: Int64?
    /// How fast the answer is sent, once that is known; nil in it for as fast as it goes.
    var sendRate: SendRate??
    /// The path was rewritten within its location: an alias cannot replace the location's name any
    /// more.
    var isOutsideAlias = false
    /// Where an answer sends the client: what Location says.
    var target: [UInt8]?
    /// What came of asking for a password.
    var login = LoginState()
    /// Variables of the access group that were asked for, with their values; nil for none.
    var accessValues: [Variable: [UInt8]?] = [:]
    /// The cookie of userid, once somebody has asked for it.
    var userID: UserIDState?
    /// The added fields of a file's answer that became a 416.
    var fieldsOfFile: [UInt8]?
    /// The trailers of the answer, each with its line end.
    var trailers: [UInt8] = []
    /// What a body that was compressed before has come from and to.
    var codedSizes: (plain: Int64, coded: Int64)?

    init(slots: Int) { values = Array(repeating: .unset, count: slots) }
}

/// The groups of a match, in a copy of what was matched.
struct Captures {
    private(set) var subject: [UInt8] = []
    private(set) var ranges: [Range<Int>?] = []

    init() {}

    init(subject: [UInt8], ranges: [Range<Int>?]) {
        self.subject = subject
        self.ranges = ranges
    }

    /// The bytes of a group; nil when it took no part in the match.
    subscript(_ number: Int) -> ArraySlice<UInt8>? {
        guard ranges.indices.contains(number), let range = ranges[number],
            range.upperBound <= subject.count
        else { return nil }
        return subject[range]
    }
}
