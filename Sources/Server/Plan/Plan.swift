import Configuration
import Files
import HTTP
import Linux

/// The compiled configuration of one generation, which is only read.
///
/// Strings and tables are in the plan's arena; objects (regular expressions, tables of media types)
/// are in arrays and referred to by index.
public final class Plan {
    /// The settings of the processes.
    public let main: MainSettings
    /// The sockets to listen on, each address once.
    public let listens: [ListenPlan]

    let arena: Arena
    let servers: PlanTable<ServerPlan>
    let locations: PlanTable<LocationPlan>
    /// The place of each location.
    let locationPlaces: PlanTable<SourceLocation>
    /// The files that places refer to.
    let files: [String]
    let trees: PlanTable<LocationTree>
    let addresses: PlanTable<VirtualHosts>
    /// True if one of the addresses has `proxy_protocol`.
    let readsProxyHeaders: Bool
    let gzips: PlanTable<GzipPlan>
    let bodyFilters: PlanTable<BodyFilterPlan>
    /// The charsets that are named in the configuration.
    let charsetNames: PlanTable<PlanBytes>
    /// The conversions between charsets.
    let recodings: [Recoding]
    let limits: PlanTable<LimitPlan>
    let rates: PlanTable<RatePlan>
    /// True if stub_status or a variable of connections is used: connections are counted then.
    let countsConnections: Bool
    /// True if a variable refers to values of the PROXY protocol header.
    let readsProxyTLVs: Bool
    /// The zones, whose shared memory the master creates.
    let zones: [ZonePlan]
    /// The key of each zone.
    let zoneKeys: PlanTable<Template>
    let accesses: PlanTable<AccessPlan>
    /// True if a location requires passwords, which the helper process verifies.
    let requiresPasswords: Bool
    let regexes: [Regex]
    /// The indexes of the regular expressions of gzip_disable.
    let disablingRegexes: [Int]
    /// True if a response depends on the encodings that a client accepts.
    let dependsOnEncodings: Bool
    let types: [MIMETypes]
    /// The names of each table's types, in its order.
    let typeNames: PlanTable<PlanTable<PlanBytes>>
    let formats: PlanTable<LogFormat>
    /// Paths of access logs, each once.
    let logFiles: [String]
    /// The buffering of each log file; nil to write once per iteration.
    let logBuffering: [LogBuffering?]
    /// The syslog servers of access logs, each once.
    let syslogs: [SyslogTarget]
    let logFileCaches: [LogFileCacheSettings]
    /// Access logs with variables in their file names.
    let variableLogs: [VariableLog]
    /// The default logs, which no directive names: if one cannot be opened, the server continues
    /// without it.
    let defaultLogs: Set<String>
    /// The targets of error logs, each set once; the first is the main level's.
    let errorLogs: [[ErrorLogTarget]]
    /// All timeouts in use, in milliseconds.
    let durationsMs: [Int64]
    /// The indexes of those for connections that wait for their next request.
    let keepaliveLists: [Int]
    let errorPages: ErrorPages
    /// Texts with variables of rare settings.
    let templates: PlanTable<Template>
    /// The directory that relative paths start from, with a trailing slash.
    let prefix: PlanBytes
    let scripts: PlanTable<PlanTable<ScriptStep>>
    /// The places of their steps.
    let scriptPlaces: PlanTable<PlanTable<SourceLocation>>
    let tryFiles: PlanTable<TryFilesPlan>
    /// The pages of `error_page`; ``errorPages`` are the built-in ones.
    let errorPageSets: PlanTable<PlanTable<ErrorPagePlan>>
    let methodLimits: PlanTable<MethodLimitPlan>
    let fields: PlanTable<FieldsPlan>
    let symlinkPlans: PlanTable<SymlinkPlan>
    /// The variables that the configuration defines, by slot.
    let variables: PlanTable<VariablePlan>
    let maps: PlanTable<MapPlan>
    let geos: PlanTable<GeoPlan>
    let splits: PlanTable<SplitPlan>
    let realIPs: PlanTable<RealIPPlan>
    /// The variables that each regular expression sets.
    let namedCaptures: [PlanTable<NamedCapture>]
    /// True if `$1` or another capture is used: captures are stored then.
    let usesCaptures: Bool
    /// True if a text uses fields of the response, whose head must be stored then.
    let namesSentFields: Bool
    /// gethostname(2), in lower case: `$hostname`.
    let hostname: String
    /// The type of built-in pages.
    let htmlType: PlanBytes
    /// The types of listings, by format.
    let listingTypes: PlanTable<PlanBytes>
    /// The charset of listings in XML.
    let utf8: PlanBytes
    /// The type of empty_gif.
    let gifType: PlanBytes
    let plainType: PlanBytes

    init(_ parts: PlanParts) {
        main = parts.main
        listens = parts.listens
        arena = parts.arena
        servers = arena.store(elements: parts.servers)
        locations = arena.store(elements: parts.locations)
        locationPlaces = arena.store(elements: parts.locationPlaces)
        files = parts.files
        trees = arena.store(elements: parts.trees)
        addresses = arena.store(elements: parts.addresses)
        readsProxyHeaders = parts.addresses.contains(where: \.readsProxyHeader)
        gzips = arena.store(elements: parts.gzips)
        bodyFilters = arena.store(elements: parts.bodyFilters)
        charsetNames = arena.store(elements: parts.charsetNames.map { parts.arena.store($0) })
        recodings = parts.recodings
        limits = arena.store(elements: parts.limits)
        rates = arena.store(elements: parts.rates)
        countsConnections = parts.countsConnections
        readsProxyTLVs = parts.readsProxyTLVs
        zones = parts.zones
        zoneKeys = arena.store(elements: parts.zoneKeys)
        accesses = arena.store(elements: parts.accesses)
        requiresPasswords = parts.requiresPasswords
        regexes = parts.regexes
        disablingRegexes = parts.gzips.flatMap { gzip in
            (0..<Int(gzip.disabledCount)).map { Int(gzip.disabledFrom) &+ $0 }
        }
        dependsOnEncodings =
            parts.servers.contains(where: \.limits.isStrict)
            || parts.locations.contains { !$0.features.isDisjoint(with: .dependOnEncodings) }
        types = parts.types
        typeNames = arena.store(elements: parts.typeNames)
        formats = arena.store(elements: parts.formats)
        scripts = arena.store(elements: parts.scripts)
        scriptPlaces = arena.store(elements: parts.scriptPlaces)
        tryFiles = arena.store(elements: parts.tryFiles)
        errorPageSets = arena.store(elements: parts.errorPages)
        methodLimits = arena.store(elements: parts.methodLimits)
        fields = arena.store(elements: parts.fields)
        symlinkPlans = arena.store(elements: parts.symlinkPlans)
        templates = arena.store(elements: parts.templates)
        prefix = arena.store(parts.prefix)
        variables = arena.store(elements: parts.variables)
        maps = arena.store(elements: parts.maps)
        geos = arena.store(elements: parts.geos)
        splits = arena.store(elements: parts.splits)
        realIPs = arena.store(elements: parts.realIPs)
        namedCaptures = parts.namedCaptures
        usesCaptures = parts.usesCaptures
        namesSentFields = parts.namesSentFields
        logFiles = parts.logFiles
        logBuffering = parts.logBuffering
        syslogs = parts.syslogs
        variableLogs = parts.variableLogs
        logFileCaches = parts.logFileCaches.map(\.settings)
        defaultLogs = parts.defaultLogs
        errorLogs = parts.errorLogs
        durationsMs = parts.durationsMs
        keepaliveLists = parts.keepaliveLists
        errorPages = ErrorPages(in: parts.arena)
        hostname = hostName()
        htmlType = arena.store("text/html")
        listingTypes = arena.store(
            elements: ListingFormat.allCases.map { parts.arena.store("\($0.format.contentType)") })
        utf8 = arena.store("utf-8")
        gifType = arena.store("image/gif")
        plainType = arena.store("text/plain")
    }
}

/// Properties of the whole plan, and descriptions for messages.
extension Plan {
    /// Looks up a value in a map.
    func outcome(of value: Span<UInt8>, in map: MapPlan) -> MapTable.Outcome {
        map.table.outcome(of: value) { regexes[Int($0)].matches($1) }
    }

    /// Returns true if a log of a location shows how a response was built, which a cached response
    /// does not know.
    func readsContext(logsOf location: Int, _ hasContext: Bool) -> Bool {
        let logs = locations[location].accessLogs
        for index in 0..<logs.count {
            let log = logs[index]
            if log.destination == .named { return true }
            if log.condition >= 0,
                templates[Int(log.condition)].pieces.dependsOnEvaluation(hasContext: hasContext)
            {
                return true
            }
            if formats[Int(log.format)].pieces.dependsOnEvaluation(hasContext: hasContext) {
                return true
            }
        }
        return false
    }

    /// True if the configuration needs a helper process.
    var needsHelper: Bool {
        requiresPasswords || compressesOnce
            || (0..<locations.count).contains { index in
                locations[index].features.contains(.readsViaHelper)
            }
    }

    /// True if files are compressed once for the cache.
    var compressesOnce: Bool {
        main.contentCache.entries > 0
            && (0..<locations.count).contains { index in
                locations[index].features.contains(.gzip)
                    && gzips[Int(locations[index].gzip)].cache != .off
            }
    }

    /// The bytes of compressed bodies that the helper process may cache.
    var compressedCacheBytes: Int64 { compressesOnce ? main.contentCache.bytes / 8 : 0 }

    /// Returns a description such as `location ~* \.jpg$ (site.conf:12)`.
    func text(of origin: SourceLocation) -> String {
        let text = Plan.line(origin.text.text)
        return place(of: origin).map { "\(text) (\($0))" } ?? text
    }

    /// Returns the description of a location, or of a server for its settings outside of locations.
    func text(ofLocation index: Int32) -> String { text(of: locationPlaces[Int(index)]) }

    /// Returns a place such as `site.conf:12`; nil if there is none.
    func place(of origin: SourceLocation) -> String? {
        guard files.indices.contains(Int(origin.file)) else { return nil }
        return "\(files[Int(origin.file)]):\(origin.line)"
    }

    /// Shortens a text to one line of limited length.
    private static func line(_ text: String) -> String {
        let words = text.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" }
        let line = words.joined(separator: " ")
        return line.count <= 100 ? line : line.prefix(99) + "…"
    }
}

/// A plan's tables while they are built.
struct PlanParts {
    var main = MainSettings()
    var listens: [ListenPlan] = []
    let arena = Arena()
    var servers: [ServerPlan] = []
    var locations: [LocationPlan] = []
    /// One for each of `locations`.
    var locationPlaces: [SourceLocation] = []
    var files: [String] = []
    var trees: [LocationTree] = []
    var addresses: [VirtualHosts] = []
    var gzips: [GzipPlan] = []
    var bodyFilters: [BodyFilterPlan] = []
    var charsetNames: [String] = []
    var recodings: [Recoding] = []
    var limits: [LimitPlan] = []
    var rates: [RatePlan] = []
    var countsConnections = false
    var readsProxyTLVs = false
    var zones: [ZonePlan] = []
    var zoneKeys: [Template] = []
    var accesses: [AccessPlan] = []
    var requiresPasswords = false
    var regexes: [Regex] = []
    /// One for each of `regexes`.
    var namedCaptures: [PlanTable<NamedCapture>] = []
    var scripts: [PlanTable<ScriptStep>] = []
    /// One for each of `scripts`.
    var scriptPlaces: [PlanTable<SourceLocation>] = []
    var tryFiles: [TryFilesPlan] = []
    var errorPages: [PlanTable<ErrorPagePlan>] = []
    var methodLimits: [MethodLimitPlan] = []
    var fields: [FieldsPlan] = []
    var symlinkPlans: [SymlinkPlan] = []
    var templates: [Template] = []
    var prefix: [UInt8] = []
    var variables: [VariablePlan] = []
    var maps: [MapPlan] = []
    var geos: [GeoPlan] = []
    var splits: [SplitPlan] = []
    var realIPs: [RealIPPlan] = []
    var usesCaptures = false
    var namesSentFields = false
    var types: [MIMETypes] = []
    var typeNames: [PlanTable<PlanBytes>] = []
    var formats: [LogFormat] = []
    var logFiles: [String] = []
    var logBuffering: [LogBuffering?] = []
    var syslogs: [SyslogTarget] = []
    var variableLogs: [VariableLog] = []
    var logFileCaches: [(place: Place, settings: LogFileCacheSettings)] = []
    var defaultLogs: Set<String> = []
    var errorLogs: [[ErrorLogTarget]] = []
    var durationsMs: [Int64] = []
    var keepaliveLists: [Int] = []
}

/// One address to listen on, with the options of its `listen` directives.
public struct ListenPlan: Sendable {
    /// The address of the socket.
    public let address: ListenAddress
    /// The merged options of all its `listen` directives.
    public let options: ListenOptions
    /// The index of its servers: for connections to any address of the socket.
    let servers: Int32
    /// Servers of specific addresses whose connections a wildcard socket accepts.
    let specific: [SpecificAddress]

    init(
        address: ListenAddress, options: ListenOptions, servers: Int32 = 0,
        particular: [SpecificAddress] = []
    ) {
        self.address = address
        self.options = options
        self.servers = servers
        self.specific = particular
    }
}

/// An address covered by a wildcard socket that has servers of its own.
struct SpecificAddress: Sendable {
    let address: ListenAddress
    let servers: Int32
}
