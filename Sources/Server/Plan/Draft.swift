import Configuration

/// The configuration while it is read: the levels as they are written, nothing inherited yet.
///
/// The rows of Directives/ fill it. `scope` is the level that is being read; opening a block puts
/// the level around it aside, closing it puts the finished level where it belongs.
struct Draft {
    /// What main and events say.
    var main = MainDraft()
    /// The settings of the level that is being read.
    var scope = Scope()
    /// The server that is being read.
    var server = ServerDraft()
    /// The location that is being read.
    var location = LocationDraft()
    /// Locations of the block that is being read.
    var locations: [LocationDraft] = []
    /// Finished servers, in the order of the file.
    var servers: [ServerDraft] = []
    /// The settings of the http level, once it is read.
    var http: Scope?
    /// `charset_map`s in the order of the file.
    var charsetMaps: [CharsetMapDraft] = []
    /// `log_format`s by name.
    var logFormats: [String: LogFormatDraft] = [:]
    /// How the lines of a log file are gathered, where an `access_log` says so, by path.
    var logBuffering: [String: LogBuffering] = [:]
    /// The variables that the configuration makes.
    var variables = VariableDrafts()
    /// The blocks that variables are looked up in.
    var maps: [MapDraft] = []
    var geos: [GeoDraft] = []
    var splits: [SplitDraft] = []
    /// Zones of limit_req and limit_conn, in the order of the file.
    var zones: [ZoneDraft] = []
    /// What is kept of files, and who reads what is not.
    var cache = CacheDraft()
    var aio = AioDraft()
    /// All arguments that may contain variables, which must be known even if the directive has no
    /// effect.
    var texts: [Word] = []
    /// Warnings about single arguments.
    var warnings: [Diagnostic] = []
    /// stub_status stands somewhere.
    var countsConnections = false
    /// `set $limit_rate` stands somewhere.
    var setsRate = false
    /// What relative paths are relative to.
    var paths = Paths()

    private var outer: [Outer] = []

    private struct Outer {
        let scope: Scope
        let location: LocationDraft
        let locations: [LocationDraft]
    }

    init(paths: Paths) { self.paths = paths }

    /// A draft that holds one level only: what rows inherit to and from.
    init(level scope: Scope) { self.scope = scope }

    /// Begins the contents of a block that has settings of its own.
    mutating func openLevel() {
        outer.append(Outer(scope: scope, location: location, locations: locations))
        scope = Scope()
        locations = []
    }

    /// Ends it: the level's settings and the locations in it.
    mutating func closeLevel() -> (
        scope: Scope, location: LocationDraft, locations: [LocationDraft]
    ) {
        let finished = (scope, location, locations)
        if let around = outer.popLast() {
            scope = around.scope
            location = around.location
            locations = around.locations
        }
        return finished
    }
}

/// What relative names in a configuration are relative to.
struct Paths {
    /// The prefix: roots, logs, the pid file.
    var prefix = "/"
    /// The directory of the main configuration file: include.
    var configurationDirectory = "/"
    /// Where errors go when no error_log says so.
    var errorLog = BuildPaths().errorLog
    /// Where requests are written when no access_log says so.
    var accessLog = BuildPaths().accessLog

    /// `path` below the prefix unless it is absolute.
    func absolute(_ path: String) -> String {
        path.utf8.first == UInt8(ascii: "/") ? path : join(prefix, path)
    }

    /// The same for bytes that need not be UTF-8.
    func absolute(_ path: [UInt8]) -> [UInt8] {
        path.first == UInt8(ascii: "/") ? path : Array(join(prefix, "").utf8) + path
    }

    private func join(_ directory: String, _ path: String) -> String {
        directory.utf8.last == UInt8(ascii: "/") ? directory + path : directory + "/" + path
    }
}

/// A `server` block.
struct ServerDraft {
    var listens: [ListenDraft] = []
    var names: [Word] = []
    var scope = Scope()
    var locations: [LocationDraft] = []
    var written: Written?
}

/// A `location` block.
struct LocationDraft {
    var kind = LocationKind.prefix
    var name: [UInt8] = []
    var scope = Scope()
    var locations: [LocationDraft] = []
    var methodLimit: MethodLimitDraft?
    var word: Word?
    var written: Written?
}

/// How a location's name is compared with a path.
enum LocationKind {
    /// `=`
    case exact
    /// A prefix; regular expressions may still win.
    case prefix
    /// `^~`: a prefix that wins over regular expressions.
    case prefixBeforeRegex
    /// `~`, and `~*` without regard to case.
    case regex(ignoresCase: Bool)
    /// `@`: found by its name only.
    case named

    var isRegex: Bool {
        if case .regex = self { return true }
        return false
    }
}

/// The settings that a level may have. One group for each file in Directives/; what is nil is
/// inherited.
struct Scope {
    var request = RequestSettings()
    var timeouts = TimeoutSettings()
    var location = FileSettings()
    var sending = SendingSettings()
    var types = TypeSettings()
    var fields = FieldSettings()
    var added = AddedFieldSettings()
    var gzip = GzipSettings()
    var gunzip = GunzipSettings()
    var charset = CharsetSettings()
    var addition = AdditionSettings()
    var autoindex = AutoindexSettings()
    var realIP = RealIPSettings()
    var randomIndex = RandomIndexSettings()
    var emptyGif = EmptyGifSettings()
    var logs = LogSettings()
    var requestLimits = LimitReqSettings()
    var connectionLimits = LimitConnSettings()
    var rate = RateSettings()
    var status = StatusSettings()
    var rewrite = RewriteSettings()
    var tryFiles = TryFilesSettings()
    var errorPages = ErrorPageSettings()
    var access = AccessSettings()
    var authBasic = AuthBasicSettings()
    var secureLink = SecureLinkSettings()
    var referers = RefererSettings()
    var userID = UserIDSettings()
}
