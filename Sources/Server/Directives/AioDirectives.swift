import Configuration

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
            inherit: { (child, parent) in
                child.scope.sending.readsViaHelper =
                    child.scope.sending.readsViaHelper ?? parent.scope.sending.readsViaHelper
            },
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
