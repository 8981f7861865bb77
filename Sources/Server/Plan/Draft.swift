import Configuration

/// The configuration while it is read: the levels as written, without inheritance.
///
/// The rows of Directives/ fill it. `scope` is the level being read; opening a block saves the
/// level around it, closing it stores the finished level.
struct Draft {
    /// The settings of main and events.
    var main = MainDraft()
    /// The settings of the level being read.
    var scope = LevelSettings()
    /// The server being read.
    var server = ServerDraft()
    /// The location being read.
    var location = LocationDraft()
    /// The locations of the block being read.
    var locations: [LocationDraft] = []
    /// Finished servers, in the order of the file.
    var servers: [ServerDraft] = []
    /// The settings of the http level, once it was read.
    var http: LevelSettings?
    /// `charset_map`s in the order of the file.
    var charsetMaps: [CharsetMapDraft] = []
    /// `log_format`s by name.
    var logFormats: [String: LogFormatDraft] = [:]
    /// The buffering of log files that an `access_log` sets, by path.
    var logBuffering: [String: LogBuffering] = [:]
    /// The variables that the configuration defines.
    var variables = VariableDrafts()
    /// The blocks that define variables by lookups.
    var maps: [MapDraft] = []
    var geos: [GeoDraft] = []
    var splits: [SplitDraft] = []
    /// Zones of limit_req and limit_conn, in the order of the file.
    var zones: [ZoneDraft] = []
    /// The size of the file cache, and who reads files.
    var cache = CacheDraft()
    var aio = AioDraft()
    /// All arguments that may contain variables. The variables must be known even if the directive
    /// has no effect.
    var texts: [Word] = []
    /// Warnings about single arguments.
    var warnings: [Diagnostic] = []
    /// True if stub_status occurs.
    var countsConnections = false
    /// True if `set $limit_rate` occurs.
    var setsRate = false
    /// The directories that relative paths start from.
    var paths = Paths()

    private var outer: [ParentLevel] = []

    private struct ParentLevel {
        let scope: LevelSettings
        let location: LocationDraft
        let locations: [LocationDraft]
    }

    init(paths: Paths) { self.paths = paths }

    /// Creates a draft of one level, for inheritance between rows.
    init(level scope: LevelSettings) { self.scope = scope }

    /// Begins the contents of a block with settings of its own.
    mutating func openLevel() {
        outer.append(ParentLevel(scope: scope, location: location, locations: locations))
        scope = LevelSettings()
        locations = []
    }

    /// Ends the block. Returns its settings and the locations in it.
    mutating func closeLevel() -> (
        scope: LevelSettings, location: LocationDraft, locations: [LocationDraft]
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

/// The directories that relative paths in a configuration start from.
struct Paths {
    /// The prefix, for roots, logs and the pid file.
    var prefix = "/"
    /// The directory of the main configuration file, for include.
    var configurationDirectory = "/"
    /// The error log if no error_log is set.
    var errorLog = BuildPaths().errorLog
    /// The access log if no access_log is set.
    var accessLog = BuildPaths().accessLog

    /// Returns `path` below the prefix unless it is absolute.
    func absolute(_ path: String) -> String {
        path.utf8.first == UInt8(ascii: "/") ? path : join(prefix, path)
    }

    /// Returns `path` below the prefix unless it is absolute; the bytes need not be UTF-8.
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
    var scope = LevelSettings()
    var locations: [LocationDraft] = []
    var written: SourceRange?
}

/// A `location` block.
struct LocationDraft {
    var kind = LocationKind.prefix
    var name: [UInt8] = []
    var scope = LevelSettings()
    var locations: [LocationDraft] = []
    var methodLimit: MethodLimitDraft?
    var word: Word?
    var written: SourceRange?
}

/// The kind of comparison between a location's name and a path.
enum LocationKind {
    /// `=`
    case exact
    /// A prefix; regular expressions have priority.
    case prefix
    /// `^~`: a prefix with priority over regular expressions.
    case prefixBeforeRegex
    /// `~`, and `~*` ignoring case.
    case regex(ignoresCase: Bool)
    /// `@`: found by its name only.
    case named

    var isRegex: Bool {
        if case .regex = self { return true }
        return false
    }
}

/// The settings of a level, one group for each file in Directives/. Unset ones are nil and
/// inherited.
struct LevelSettings {
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
    var status = StubStatusSettings()
    var rewrite = RewriteSettings()
    var tryFiles = TryFilesSettings()
    var errorPages = ErrorPageSettings()
    var access = AccessSettings()
    var authBasic = AuthBasicSettings()
    var secureLink = SecureLinkSettings()
    var referers = RefererSettings()
    var userID = UserIDSettings()
}

/// The place of a part of the plan in the configuration, for messages and `apus explain`; requests
/// do not use it.
struct SourceLocation: BitwiseCopyable {
    /// The directive as written, without the contents of its block.
    let text: PlanBytes
    /// The index of the file in the plan.
    let file: Int32
    /// The line, from 1.
    let line: Int32
}

/// The range of a directive while the configuration is read: from its name to its last argument.
struct SourceRange {
    let place: Place
    /// The end of the last argument.
    let end: Int
}

extension DirectiveUse {
    /// The range of the directive.
    var written: SourceRange {
        let last = arguments.last ?? directive.name
        return SourceRange(place: place, end: last.place.offset &+ last.length)
    }
}
