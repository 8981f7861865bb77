import Files
import HTTP
import Linux

/// What a location uses of the features that a request can be spared: one word, tested on its way.
struct LocationFeatures: OptionSet, BitwiseCopyable {
    let rawValue: UInt64

    static let autoindex = LocationFeatures(rawValue: 1 << 1)
    static let exactSize = LocationFeatures(rawValue: 1 << 2)
    static let localTime = LocationFeatures(rawValue: 1 << 3)
    static let gzip = LocationFeatures(rawValue: 1 << 4)
    /// gzip_static, brotli_static or zstd_static
    static let sidecars = LocationFeatures(rawValue: 1 << 5)
    static let sendfile = LocationFeatures(rawValue: 1 << 6)
    static let etag = LocationFeatures(rawValue: 1 << 7)
    static let serverTokens = LocationFeatures(rawValue: 1 << 8)
    static let logsNotFound = LocationFeatures(rawValue: 1 << 10)
    static let deniesHidden = LocationFeatures(rawValue: 1 << 11)
    static let absoluteRedirect = LocationFeatures(rawValue: 1 << 12)
    static let serverNameInRedirect = LocationFeatures(rawValue: 1 << 13)
    static let portInRedirect = LocationFeatures(rawValue: 1 << 14)
    static let resetsTimedOut = LocationFeatures(rawValue: 1 << 15)
    /// aio threads
    static let readsElsewhere = LocationFeatures(rawValue: 1 << 56)
    /// tcp_nopush
    static let holdsHead = LocationFeatures(rawValue: 1 << 9)
    static let gzipVary = LocationFeatures(rawValue: 1 << 16)
    /// An alias in a regular expression's location: it is the whole path.
    static let aliasIsWholePath = LocationFeatures(rawValue: 1 << 17)
    static let hasAlias = LocationFeatures(rawValue: 1 << 22)
    /// rewrite_log
    static let logsRewrites = LocationFeatures(rawValue: 1 << 23)
    /// internal
    static let isInternal = LocationFeatures(rawValue: 1 << 19)
    /// limit_except
    static let limitsMethods = LocationFeatures(rawValue: 1 << 20)
    static let recursiveErrorPages = LocationFeatures(rawValue: 1 << 21)
    /// allow, deny or auth_basic
    static let access = LocationFeatures(rawValue: 1 << 60)
    /// userid on or v1
    static let userID = LocationFeatures(rawValue: 1 << 61)
    /// uninitialized_variable_warn
    static let warnsOfUnset = LocationFeatures(rawValue: 1 << 18)
    /// set_real_ip_from
    static let realIP = LocationFeatures(rawValue: 1 << 39)
    /// autoindex_sort
    static let sortsListings = LocationFeatures(rawValue: 1 << 40)
    static let randomIndex = LocationFeatures(rawValue: 1 << 41)
    static let emptyGif = LocationFeatures(rawValue: 1 << 42)
    static let gunzip = LocationFeatures(rawValue: 1 << 43)
    static let charset = LocationFeatures(rawValue: 1 << 44)
    /// add_before_body, add_after_body
    static let addition = LocationFeatures(rawValue: 1 << 45)
    static let sourceCharset = LocationFeatures(rawValue: 1 << 46)
    /// What is made of a body on its way out, compression apart.
    static let bodyFilters: LocationFeatures = [
        .gunzip, .charset, .sourceCharset, .addition,
    ]
    /// limit_req or limit_conn
    static let limits = LocationFeatures(rawValue: 1 << 47)
    /// limit_rate
    static let limitsRate = LocationFeatures(rawValue: 1 << 48)
    /// stub_status
    static let stubStatus = LocationFeatures(rawValue: 1 << 49)
    /// add_header, expires or add_trailer
    static let addsFields = LocationFeatures(rawValue: 1 << 50)
    static let addsTrailers = LocationFeatures(rawValue: 1 << 51)
    /// chunked_transfer_encoding off
    static let forbidsChunks = LocationFeatures(rawValue: 1 << 52)
    /// msie_refresh
    static let refreshesMSIE = LocationFeatures(rawValue: 1 << 53)
    /// msie_padding
    static let padsErrorPages = LocationFeatures(rawValue: 1 << 57)
    /// disable_symlinks
    static let testsLinks = LocationFeatures(rawValue: 1 << 54)
    static let lookAtCodings: LocationFeatures = [.gzip, .sidecars, .gunzip]
    /// What makes answers depend on more of a request than its path and what its client takes.
    static let lookAtRequests: LocationFeatures = [
        .access, .limits, .limitsRate, .limitsMethods, .realIP, .userID, .addsTrailers,
        .limitsKeepalive, .stubStatus, .randomIndex, .addition, .refreshesMSIE,
    ]
    /// keepalive_disable says something of the client's browser.
    static let limitsKeepalive = LocationFeatures(rawValue: 1 << 55)
}

/// A location, compiled: what its requests need to know, with everything inherited.
///
/// A server's own settings, for requests that match no location, are one of these too.
struct LocationPlan: BitwiseCopyable {
    var features: LocationFeatures
    /// How many of the path's first bytes an alias takes the place of; 0 for a root.
    var aliasReplaces: Int
    /// An absolute directory without a slash at its end, or alias's value as it is written.
    var root: PlanBytes
    /// Which of the plan's templates stands in for it; -1 for none.
    var rootTemplate: Int32
    /// How many segments of `root` are `..`.
    var rootParents: Int32
    /// The location's own expression, and the nearest location around it that has one: which of the
    /// plan's regular expressions, and of its locations; -1 for none.
    var regex: Int32 = -1
    var outerRegex: Int32 = -1
    var indexes: PlanTable<Template>
    var links: LinkRule
    /// Which of the plan's tables of media types.
    var types: Int32
    var defaultType: PlanBytes
    /// Which of the plan's gzip settings.
    var gzip: Int32
    /// Which of the plan's access plans; -1 for none.
    var access: Int32
    /// Which of the plan's body filters; -1 for none.
    var bodyFilter: Int32
    var listingFormat: ListingFormat
    var modifiedSince: ModifiedSinceRule
    /// Int.max when there is no bound.
    var maxRanges: Int
    /// 0 when there is no bound.
    var maxBodySize: Int64
    var sendfileMaxChunk: Int
    var timeouts: TimeoutPlan
    /// Which of the plan's access logs.
    var accessLogs: PlanTable<AccessLogPlan>
    /// Which of the plan's settings of who is believed about the client's address; -1 for none.
    var realIP: Int32
    /// Which of the plan's error logs.
    var errorLog: Int32
    /// Which of the plan's limits; -1 for none.
    var limits: Int32
    /// Which of the plan's rates; -1 for none.
    var rate: Int32
    /// Which of the plan's scripts: rewrite, return, set, if. -1 for none.
    var script: Int32 = -1
    /// Which of the plan's try_files; -1 for none.
    var tryFiles: Int32
    /// Which of the plan's sets of error pages; -1 for none.
    var errorPages: Int32
    /// Which of the plan's limits of methods; -1 for none.
    var methodLimit: Int32 = -1
    /// Which of the plan's sets of added fields; -1 for none.
    var fields: Int32 = -1
    /// Which of the plan's tests of links; -1 for none.
    var linkTest: Int32 = -1
}

/// A location's timeouts: indexes of the plan's durations, and numbers.
struct TimeoutPlan: BitwiseCopyable {
    var header: UInt16
    var body: UInt16
    var send: UInt16
    var keepalive: UInt16
    var lingering: UInt16
    var lingeringClose: LingeringClose
    /// keepalive_timeout 0: every connection is closed after its answer.
    var keepsAlive: Bool
    /// For the Keep-Alive field; 0 for none.
    var keepaliveFieldSeconds: Int
    var keepaliveRequests: Int
    var keepaliveTimeMs: Int64
    /// keepalive_min_timeout; -1 when it is unset.
    var keepaliveMinMs: Int32
    var keepaliveDisable: KeepaliveDisable
    var lingeringTimeMs: Int64
}

/// gzip, compiled.
struct GzipPlan: BitwiseCopyable {
    var level: Int32
    var minLength: Int64
    /// Types that are coded; empty with `codesEverything`.
    var types: PlanTable<PlanBytes>
    var codesEverything: Bool
    var minVersion: GzipVersion
    var proxied: GzipProxied
    /// The plan's regular expressions that User-Agents are matched with: from, and how many.
    var disabledFrom: Int32
    var disabledCount: Int32
    var staticMode: GzipStatic
    var brotliStatic: GzipStatic
    var zstandardStatic: GzipStatic
    var cache: GzipCache
}

/// An access log, compiled.
struct AccessLogPlan: BitwiseCopyable {
    /// Where lines go.
    enum Destination: UInt8, BitwiseCopyable {
        case file, syslog
        /// A file whose name is made of the request's variables.
        case named
    }

    var destination: Destination
    /// Which of the plan's log files, of its syslog servers, or of its templates.
    var target: Int32
    /// Which of the plan's formats.
    var format: Int32
    /// Which of the plan's templates must be neither empty nor `0`; -1 for none.
    var condition: Int32 = -1
    /// The index of the plan's ``NamedLog`` whose rules the name must meet; -1 for none.
    var named: Int32 = -1
}

/// disable_symlinks, compiled.
struct LinkTestPlan: BitwiseCopyable {
    /// A link whose target has its owner is followed.
    let allowsOwners: Bool
    /// The path's beginning that is not tested; of no bytes where all of it is.
    let from: Template
}

/// try_files, compiled.
struct TryFilesPlan: BitwiseCopyable {
    /// A name that is looked for.
    struct Name: BitwiseCopyable {
        let template: Template
        /// It ended in a slash: a directory is looked for.
        let isDirectory: Bool
    }

    let names: PlanTable<Name>
    let fallback: Template
    /// The fallback is this status; -1 when it is a path or a named location.
    let status: Int32
}

/// An error page, compiled.
struct ErrorPagePlan: BitwiseCopyable {
    let status: Int32
    /// -1 for the error's own status, 0 for that of the page.
    let overwrite: Int32
    let target: Template
}

/// A server, compiled.
struct ServerPlan: BitwiseCopyable {
    /// Its first name: $server_name, and Location's host with server_name_in_redirect.
    var name: PlanBytes
    /// The location plan that holds what the server says outside of locations.
    var settings: Int32
    var locations: LocationTree
    /// `@` locations, sorted by name.
    var named: PlanTable<NamedIndex>
    /// Which of the plan's scripts; -1 for none.
    var script: Int32
    var limits: HeadLimits
    var headerBufferSize: Int
    var mergesSlashes: Bool
}
