import Configuration
import Files

/// The file cache's size, for all workers together.
struct CacheDraft: Sendable {
    /// `content_cache`; nil for the defaults.
    var bounds: CacheBounds?
    /// The largest `max` of open_file_cache.
    var openFiles: Int?
    /// The longest `inactive` of open_file_cache.
    var inactiveSeconds = 0

    /// The resulting limits.
    var settings: CacheBounds {
        var settings = bounds ?? CacheDirectives.defaults
        // Each worker of nginx caches that many, and a location at most its own maximum.
        if let openFiles {
            settings.entries = min(settings.entries, openFiles)
            let (ms, overflow) = Int64(inactiveSeconds).multipliedReportingOverflow(by: 1000)
            settings.inactiveMs = overflow ? 0 : ms
        }
        return settings
    }
}

/// The cache of files and responses.
enum CacheDirectives {
    static let defaults = CacheBounds(bytes: 64 << 20, entries: 65536, largestFile: 16384)
    /// Files up to this size are sent together with their head.
    static let maxFileSize: Int64 = 16384

    /// The maximum number of entries. The tables have room for all of them from the start.
    static let maxEntries = 1 << 22

    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "content_cache", in: .http, takes: .between(1, 3),
            default: "size=64m entries=65536 file_max=16k",
            "Sets the size of the cache of files and responses, for all workers together, or turns "
                + "it off; specific to apus."
        ) { (draft, use) throws(Diagnostic) in
            draft.cache.bounds = try bounds(use)
        },
        .row(
            "open_file_cache", in: .httpServerLocation, takes: .oneOf([1, 2]), default: "off",
            "Sets the maximum number of cached files, and the time after which unused ones are "
                + "dropped."
        ) { (draft, use) throws(Diagnostic) in
            guard let (most, seconds) = try openFiles(use) else { return }
            draft.cache.openFiles = max(draft.cache.openFiles ?? 0, most)
            draft.cache.inactiveSeconds = max(draft.cache.inactiveSeconds, seconds)
        }
        .differing(
            "max= and inactive= limit content_cache, with the largest values of several "
                + "directives; off does not turn it off, because its entries are never stale."),
    ]

    private static func bounds(_ use: DirectiveUse) throws(Diagnostic) -> CacheBounds {
        if try use.bytes(0) == Array("off".utf8) {
            guard use.arguments.count == 1 else {
                throw use.fail("\"off\" must be the only argument of \"content_cache\"", at: 1)
            }
            return CacheBounds(bytes: 0, entries: 0, largestFile: 0)
        }
        var bounds = defaults
        for index in use.arguments.indices {
            if let size = try ZoneParameter.value(of: "size", use, index) {
                bounds.bytes = Int64(try number(NginxSize.offset(Array(size)), use, index))
            } else if let count = try ZoneParameter.value(of: "entries", use, index) {
                bounds.entries = try number(NginxSize.integer(count), use, index)
                guard bounds.entries <= maxEntries else {
                    throw use.fail(
                        "too many entries in \"\(try use.text(index))\"", at: index,
                        help: ["content_cache has at most \(maxEntries) entries"])
                }
            } else if let size = try ZoneParameter.value(of: "file_max", use, index) {
                bounds.maxFileSize = min(
                    Int64(try number(NginxSize.size(Array(size)), use, index)), maxFileSize)
            } else {
                throw use.fail(
                    "invalid parameter \"\(try use.text(index))\"", at: index,
                    help: ["the arguments are off, or size=, entries= and file_max="])
            }
        }
        return bounds
    }

    private static func number(
        _ value: Int?, _ use: DirectiveUse, _ index: Int
    ) throws(Diagnostic) -> Int {
        guard let value else {
            throw use.fail(
                "invalid value in \"\(try use.text(index))\"", at: index,
                help: ["for example: content_cache size=64m entries=65536 file_max=16k"])
        }
        return value
    }

    /// Parses open_file_cache with nginx's messages. Returns nil for `off`.
    private static func openFiles(
        _ use: DirectiveUse
    ) throws(Diagnostic) -> (most: Int, inactiveSeconds: Int)? {
        var most: Int?
        var inactiveSeconds = 60
        var isOff = false
        for index in use.arguments.indices {
            if let value = try ZoneParameter.value(of: "max", use, index) {
                guard let number = NginxSize.integer(value), number > 0 else {
                    throw try invalid(use, index)
                }
                most = number
            } else if let value = try ZoneParameter.value(of: "inactive", use, index) {
                guard let seconds = NginxTime.seconds(Array(value)) else {
                    throw try invalid(use, index)
                }
                inactiveSeconds = seconds
            } else if try use.bytes(index) == Array("off".utf8) {
                isOff = true
            } else {
                throw try invalid(use, index)
            }
        }
        if isOff { return nil }
        guard let most else {
            throw use.fail("\"open_file_cache\" must have the \"max\" parameter")
        }
        return (most, inactiveSeconds)
    }

    private static func invalid(_ use: DirectiveUse, _ index: Int) throws(Diagnostic) -> Diagnostic
    {
        use.fail("invalid \"open_file_cache\" parameter \"\(try use.text(index))\"", at: index)
    }
}

/// The process that reads files which are not in memory (aio, thread_pool).
struct AioDraft {
    /// The pools that thread_pool declares.
    var pools: Set<String> = []
    /// The pools that aio names.
    var named: [Word] = []

    /// The error if aio names an undeclared pool; `default` needs no declaration.
    var fault: Diagnostic? {
        guard
            let word = named.first(where: { word in
                let name = AioDirectives.pool(of: word)
                return name != AioDirectives.defaultPool && !pools.contains(name)
            })
        else { return nil }
        return Diagnostic(
            .error, "unknown thread pool \"\(AioDirectives.pool(of: word))\"", at: word.place,
            length: word.length, help: ["declare it with thread_pool, at the same level as http"])
    }
}

/// aio and thread_pool.
enum AioDirectives {
    private static let threads = "threads"
    fileprivate static let defaultPool = "default"

    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "aio", in: .httpServerLocation, takes: .exactly(1), default: "off",
            "With threads, files that are not in the page cache are read outside of the workers.",
            inherit: DirectiveRow.inheriting(\.scope.sending.readsViaHelper),
            apply: { (draft, use) throws(Diagnostic) in
                let text = try use.text(0)
                switch text {
                case "on", "off": draft.scope.sending.readsViaHelper = false
                case threads: draft.scope.sending.readsViaHelper = true
                default:
                    guard text.hasPrefix(threads + "="), text != threads + "=" else {
                        throw use.fail("invalid value \"\(text)\"", at: 0)
                    }
                    draft.scope.sending.readsViaHelper = true
                    draft.aio.named.append(use.arguments[0])
                }
            }
        )
        .differing(
            "The helper process reads the files, whatever the pool; on is the same as off, since "
                + "there is no direct I/O."),
        .row(
            "thread_pool", in: .main, takes: .oneOf([2, 3]), repeats: .yes,
            "Declares the name of a pool for aio."
        ) { (draft, use) throws(Diagnostic) in try declare(use, &draft) }
        .differing("One process reads for all workers: the numbers have no effect."),
    ]

    /// Returns the name after `threads=`.
    static func pool(of word: Word) -> String { String(word.text.dropFirst(threads.count + 1)) }

    private static func declare(_ use: DirectiveUse, _ draft: inout Draft) throws(Diagnostic) {
        let name = try use.text(0)
        guard draft.aio.pools.insert(name).inserted else {
            throw use.fail("duplicate thread pool \"\(name)\"", at: 0)
        }
        var hasThreads = name == defaultPool
        for index in use.arguments.indices.dropFirst() {
            let text = try use.text(index)
            if let value = try ZoneParameter.value(of: "threads", use, index) {
                guard let count = NginxSize.integer(value), count > 0 else {
                    throw use.fail("invalid threads value \"\(text)\"", at: index)
                }
                hasThreads = true
            } else if let value = try ZoneParameter.value(of: "max_queue", use, index) {
                guard NginxSize.integer(value) != nil else {
                    throw use.fail("invalid max_queue value \"\(text)\"", at: index)
                }
            } else {
                throw use.fail(
                    "invalid parameter \"\(text)\"", at: index,
                    help: ["thread_pool takes a name, threads= and max_queue="])
            }
        }
        guard hasThreads else { throw use.fail("\"\(name)\" must have \"threads\" parameter") }
    }
}
