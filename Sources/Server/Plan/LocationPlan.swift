import Files
import HTTP
import Linux

/// An optional feature of a location.
enum LocationFeature: UInt64, CaseIterable {
    case autoindex, exactSize, localTime, gzip, sendfile, etag, serverTokens, logsNotFound,
        deniesHidden, absoluteRedirect, serverNameInRedirect, portInRedirect, resetsTimedOut,
        gzipVary, hasAlias, recursiveErrorPages, randomIndex, emptyGif, gunzip, charset,
        sourceCharset, addsTrailers
    /// gzip_static, brotli_static or zstd_static
    case sidecars
    /// aio threads
    case readsViaHelper
    /// tcp_nopush
    case holdsHead
    /// An alias in a location with a regular expression: it is the whole path.
    case aliasIsWholePath
    /// rewrite_log
    case logsRewrites
    /// internal
    case isInternal
    /// limit_except
    case limitsMethods
    /// allow, deny or auth_basic
    case access
    /// userid on or v1
    case userID
    /// uninitialized_variable_warn
    case warnsOfUnset
    /// set_real_ip_from
    case realIP
    /// autoindex_sort
    case sortsListings
    /// add_before_body, add_after_body
    case addition
    /// limit_req or limit_conn
    case limits
    /// limit_rate
    case limitsRate
    /// stub_status
    case stubStatus
    /// add_header, expires or add_trailer
    case addsFields
    /// chunked_transfer_encoding off
    case forbidsChunks
    /// msie_refresh
    case refreshesMSIE
    /// msie_padding
    case padsErrorPages
    /// disable_symlinks
    case checksSymlinks
    /// keepalive_disable with a browser
    case limitsKeepalive

    /// The cacheability of a response that the feature changes. Steps and variables that it enables
    /// are recorded as well.
    var cacheability: Cacheability {
        switch self {
        case .access, .limits, .limitsRate, .limitsMethods, .realIP, .userID, .addsTrailers,
            .limitsKeepalive, .stubStatus, .randomIndex, .addition, .refreshesMSIE:
            .perRequest
        case .autoindex, .exactSize, .localTime, .gzip, .sendfile, .etag, .serverTokens,
            .logsNotFound, .deniesHidden, .absoluteRedirect, .serverNameInRedirect,
            .portInRedirect, .resetsTimedOut, .gzipVary, .hasAlias, .recursiveErrorPages,
            .emptyGif, .gunzip, .charset, .sourceCharset, .sidecars, .readsViaHelper, .holdsHead,
            .aliasIsWholePath, .logsRewrites, .isInternal, .warnsOfUnset, .sortsListings,
            .addsFields, .forbidsChunks, .padsErrorPages, .checksSymlinks:
            .shared
        }
    }

    /// The feature's bit in ``LocationFeatures``.
    @inline(__always)
    fileprivate var bit: UInt64 { 1 &<< rawValue }
}

/// The optional features that a location uses: one word, tested while a request is processed.
struct LocationFeatures: BitwiseCopyable, Equatable, ExpressibleByArrayLiteral {
    private var bits: UInt64 = 0

    init() {}

    init(arrayLiteral features: LocationFeature...) {
        for feature in features { insert(feature) }
    }

    @inline(__always)
    private init(_ feature: LocationFeature) { bits = feature.bit }

    @inline(__always)
    func contains(_ feature: LocationFeature) -> Bool { bits & feature.bit != 0 }

    @inline(__always)
    func isDisjoint(with other: LocationFeatures) -> Bool { bits & other.bits == 0 }

    mutating func insert(_ feature: LocationFeature) { bits |= feature.bit }

    @inline(__always)
    private func and(_ feature: LocationFeature) -> LocationFeatures {
        var features = self
        features.bits |= feature.bit
        return features
    }

    // Sets that are tested for each request: computed, so that they are constants.

    /// Features that change a body, except compression.
    static var bodyFilters: LocationFeatures {
        LocationFeatures(.gunzip).and(.charset).and(.sourceCharset).and(.addition)
    }

    static var dependOnEncodings: LocationFeatures {
        LocationFeatures(.gzip).and(.sidecars).and(.gunzip)
    }

    /// Features that make a response depend on more than the path and the client's accepted
    /// encodings.
    static let perRequest = LocationFeature.allCases.reduce(into: LocationFeatures()) {
        if $1.cacheability == .perRequest { $0.insert($1) }
    }
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
    /// The index of the plan's ``VariableLog`` whose rules the name must meet; -1 for none.
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
