import Files
import HTTP
import Linux

/// The optional features that a location uses: one word, tested while a request is processed.
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
    static let readsViaHelper = LocationFeatures(rawValue: 1 << 56)
    /// tcp_nopush
    static let holdsHead = LocationFeatures(rawValue: 1 << 9)
    static let gzipVary = LocationFeatures(rawValue: 1 << 16)
    /// An alias in a location with a regular expression: it is the whole path.
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
    /// Features that change a body, except compression.
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
    static let checksSymlinks = LocationFeatures(rawValue: 1 << 54)
    static let dependOnEncodings: LocationFeatures = [.gzip, .sidecars, .gunzip]
    /// Features that make responses depend on more than the path and the client's accepted
    /// encodings.
    static let dependOnRequest: LocationFeatures = [
        .access, .limits, .limitsRate, .limitsMethods, .realIP, .userID, .addsTrailers,
        .limitsKeepalive, .stubStatus, .randomIndex, .addition, .refreshesMSIE,
    ]
    /// True if keepalive_disable lists a browser.
    static let limitsKeepalive = LocationFeatures(rawValue: 1 << 55)
}

/// A location, compiled, with all settings inherited.
///
/// A server's own settings, for requests that match no location, are one of these too.
struct LocationPlan: BitwiseCopyable {
    var features: LocationFeatures
    /// The length of the path's prefix that an alias replaces; 0 for a root.
    var aliasReplaces: Int
    /// The absolute directory without a trailing slash, or the alias as written.
    var root: PlanBytes
    /// The index of the template that evaluates to the root; -1 for none.
    var rootTemplate: Int32
    /// The number of `..` segments in `root`.
    var rootParents: Int32
    /// The index of the location's own regular expression, and of the nearest enclosing location
    /// that has one; -1 for none.
    var regex: Int32 = -1
    var outerRegex: Int32 = -1
    var indexes: PlanTable<Template>
    var links: LinkRule
    /// The index of the table of media types.
    var types: Int32
    var defaultType: PlanBytes
    /// The index of the gzip settings.
    var gzip: Int32
    /// The index of the access plan; -1 for none.
    var access: Int32
    /// The index of the body filters; -1 for none.
    var bodyFilter: Int32
    var listingFormat: ListingFormat
    var modifiedSince: ModifiedSinceRule
    /// The maximum number of ranges; Int.max for no limit.
    var maxRanges: Int
    /// The maximum size of a request body; 0 for no limit.
    var maxBodySize: Int64
    var sendfileMaxChunk: Int
    var timeouts: TimeoutPlan
    /// The access logs.
    var accessLogs: PlanTable<AccessLogPlan>
    /// The index of the realip settings; -1 for none.
    var realIP: Int32
    /// The index of the error log.
    var errorLog: Int32
    /// The index of the limits; -1 for none.
    var limits: Int32
    /// The index of the rate; -1 for none.
    var rate: Int32
    /// The index of the script (rewrite, return, set, if); -1 for none.
    var script: Int32 = -1
    /// The index of try_files; -1 for none.
    var tryFiles: Int32
    /// The index of the set of error pages; -1 for none.
    var errorPages: Int32
    /// The index of limit_except; -1 for none.
    var methodLimit: Int32 = -1
    /// The index of the set of added fields; -1 for none.
    var fields: Int32 = -1
    /// The index of the disable_symlinks settings; -1 for none.
    var symlinks: Int32 = -1
}

/// A location's timeouts: indexes of the plan's durations, and numbers.
struct TimeoutPlan: BitwiseCopyable {
    var header: UInt16
    var body: UInt16
    var send: UInt16
    var keepalive: UInt16
    var lingering: UInt16
    var lingeringClose: LingeringClose
    /// False for keepalive_timeout 0: every connection is closed after its response.
    var keepsAlive: Bool
    /// The value of the Keep-Alive field in seconds; 0 for none.
    var keepaliveFieldSeconds: Int
    var keepaliveRequests: Int
    var keepaliveTimeMs: Int64
    /// The value of keepalive_min_timeout; -1 if unset.
    var keepaliveMinMs: Int32
    var keepaliveDisable: KeepaliveDisable
    var lingeringTimeMs: Int64
}

/// gzip, compiled.
struct GzipPlan: BitwiseCopyable {
    var level: Int32
    var minLength: Int64
    /// The compressed types; empty with `compressesAllTypes`.
    var types: PlanTable<PlanBytes>
    var compressesAllTypes: Bool
    var minVersion: GzipVersion
    var proxied: GzipProxied
    /// The range of the plan's regular expressions for User-Agents (gzip_disable): the first index,
    /// and the number.
    var disabledFrom: Int32
    var disabledCount: Int32
    var staticMode: GzipStatic
    var brotliStatic: GzipStatic
    var zstandardStatic: GzipStatic
    var cache: GzipCache
}

/// An access log, compiled.
struct AccessLogPlan: BitwiseCopyable {
    /// The destination of lines.
    enum Destination: UInt8, BitwiseCopyable {
        case file, syslog
        /// A file whose name has variables.
        case named
    }

    var destination: Destination
    /// The index of the log file, syslog server or template.
    var target: Int32
    /// The index of the format.
    var format: Int32
    /// The index of the template that must be neither empty nor `0`; -1 for none.
    var condition: Int32 = -1
    /// The index of the plan's ``NamedLog`` whose rules the name must meet; -1 for none.
    var named: Int32 = -1
}

/// disable_symlinks, compiled.
struct SymlinkPlan: BitwiseCopyable {
    /// True if links to files of the same owner are followed.
    let allowsOwners: Bool
    /// The prefix of the path that is not checked; empty if all of it is.
    let from: Template
}

/// try_files, compiled.
struct TryFilesPlan: BitwiseCopyable {
    /// A name to look up.
    struct Name: BitwiseCopyable {
        let template: Template
        /// True if the name ended in a slash: it must be a directory.
        let isDirectory: Bool
    }

    let names: PlanTable<Name>
    let fallback: Template
    /// The status of the last argument; -1 if it is a path or a named location.
    let status: Int32
}

/// An error page, compiled.
struct ErrorPagePlan: BitwiseCopyable {
    let status: Int32
    /// The status to send: -1 for the error's own, 0 for that of the page.
    let overwrite: Int32
    let target: Template
}

/// A server, compiled.
struct ServerPlan: BitwiseCopyable {
    /// The first name: $server_name, and the host of redirects with server_name_in_redirect.
    var name: PlanBytes
    /// The index of the location plan with the server's settings outside of locations.
    var settings: Int32
    var locations: LocationTree
    /// `@` locations, sorted by name.
    var named: PlanTable<NamedIndex>
    /// The index of the script; -1 for none.
    var script: Int32
    var limits: HeadLimits
    var headerBufferSize: Int
    var mergesSlashes: Bool
}
