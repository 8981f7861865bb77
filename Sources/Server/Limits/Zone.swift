import Linux

/// A zone of limit_req_zone or limit_conn_zone: memory that the master creates and all workers
/// share.
///
/// Each worker can write all of it. A hostile one can falsify the limits, but it can neither stop
/// nor crash another one: waiting for the lock is bounded, and a damaged table is emptied.
/// Processes with more rights than a worker do not use zones: workers clean up after those that
/// have died.
final class Zone {
    let plan: ZonePlan
    /// Writes a message about the zone to the error log.
    var report: (String) -> Void = { _ in }

    let lock: SharedLock
    let table: ZoneTable
    /// The number of this process, set by ``join(_:as:)``.
    private var owner = UInt64.max
    private var registry: WorkerRegistry?
    /// The time before which the lock is not tried again after a timeout.
    private var lockRetryAtMs = Int64.min
    private var quietUntilMs = Int64.min
    /// Entries of closed connections that could not be released yet.
    private var unreleased: [Int] = []

    /// The time to wait for the lock of a living worker, at most once a second.
    private static let lockTimeoutMs: Int64 = 100
    private static let lockRetryIntervalMs: Int64 = 1000
    private static let reportIntervalMs: Int64 = 60_000

    /// Creates an empty zone. Its secret is shared like its memory: both exist before the fork.
    init(_ plan: ZonePlan) throws(SystemError) {
        self.plan = plan
        let memory = try SharedMemory(size: max(plan.size, Zone.minSize))
        lock = memory.lock
        table = ZoneTable(in: memory, secret: (randomNumber(), randomNumber()))
    }

    /// The minimum size: room for the lock, the header and an entry.
    private static let minSize = 8192

    /// Joins the zone. Called in a worker before it uses the zone; `owner` is its number in
    /// `registry`.
    func join(_ registry: WorkerRegistry, as owner: UInt64) {
        self.registry = registry
        self.owner = owner
    }

    /// Calls `body` with the table locked. Returns nil if the lock could not be acquired, or if the
    /// table was damaged again after it was emptied; `body` may run twice.
    func withTable<Value>(_ body: (ZoneTable) -> Value) -> Value? {
        guard acquireLock() else { return nil }
        defer { lock.release(from: owner) }
        sweep()
        while let entry = unreleased.popLast() { uncount(entry, in: table) }
        var value = body(table)
        guard table.isDamaged else { return value }
        table.reset()
        reportOccasionally("was damaged by a worker and has been emptied")
        value = body(table)
        guard table.isDamaged else { return value }
        table.reset()
        return nil
    }

    private func acquireLock() -> Bool {
        let taken = lock.acquire(as: owner, timeoutMs: 0) { registry?.isAlive($0) ?? true }
        if taken == .free { return true }
        if taken == .orphaned {
            table.repair()
            return true
        }
        return acquireHeldLock()
    }

    /// Acquires a lock that is held. A holder needs microseconds; one that is stopped or hostile is
    /// waited for once a second.
    private func acquireHeldLock() -> Bool {
        let nowMs = Clock.monotonicMs()
        guard nowMs >= lockRetryAtMs else { return false }
        let taken = lock.acquire(as: owner, timeoutMs: Zone.lockTimeoutMs) {
            registry?.isAlive($0) ?? true
        }
        if taken == .free { return true }
        if taken != .orphaned {
            lockRetryAtMs = Clock.monotonicMs() &+ Zone.lockRetryIntervalMs
            reportOccasionally(
                "was locked for \(Zone.lockTimeoutMs) ms; took the lock from its holder")
        }
        guard taken != nil else { return false }
        table.repair()
        return true
    }

    /// Removes the entries of workers that have died: the first worker that notices a death does
    /// it.
    private func sweep() {
        guard plan.kind == .connections, let registry else { return }
        let deaths = UInt32(truncatingIfNeeded: registry.deaths)
        guard table.header[0].sweptDeaths != deaths else { return }
        table.removeAll { !registry.isAlive($0.owner) }
        table.header[0].sweptDeaths = deaths
    }

    private func reportOccasionally(_ what: String) {
        let nowMs = Clock.monotonicMs()
        guard nowMs >= quietUntilMs else { return }
        quietUntilMs = nowMs &+ Zone.reportIntervalMs
        report("shared memory zone \"\(plan.name)\" \(what)")
    }
}

/// The parameters of a zone's directive.
struct ZonePlan: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// limit_req_zone
        case requests
        /// limit_conn_zone
        case connections
    }

    let kind: Kind
    let name: String
    /// The size in bytes.
    let size: Int
    /// The key as written in the configuration.
    let keyText: String
}

// Operations of limit_req.
extension Zone {
    /// Returns the excess of a key with one more request. With `counts`, the request is counted if
    /// it is within the burst; otherwise the key is only added.
    func excess(
        of bytes: Span<UInt8>, _ limit: RequestLimit, nowMs: Int64, counts: Bool
    ) -> Int64 {
        let key = table.key(of: bytes)
        return withTable { table in
            guard let index = table.find(key) else {
                forgetExpired(limit.rate, nowMs)
                insert(key, RequestRate(excess: 0, lastMs: counts ? nowMs : Zone.never))
                return 0
            }
            table.touch(index)
            let next = table[index].rate.afterRequest(rate: limit.rate, nowMs: nowMs)
            if counts, next.excess <= limit.burst { table[index] = ZoneValue(next) }
            return next.excess
        } ?? 0
    }

    /// Counts a request of a key, whatever its excess. Returns the excess including it.
    func count(_ bytes: Span<UInt8>, _ limit: RequestLimit, nowMs: Int64) -> Int64 {
        let key = table.key(of: bytes)
        return withTable { table in
            guard let index = table.find(key) else {
                // Other workers filled the zone in the meantime.
                insert(key, RequestRate(excess: 0, lastMs: nowMs))
                return 0
            }
            let next = table[index].rate.afterRequest(rate: limit.rate, nowMs: nowMs)
            table[index] = ZoneValue(next)
            return next.excess
        } ?? 0
    }

    /// A time so long ago that nothing is left of the excess.
    private static let never: Int64 = 0 &- 1 << 60

    private func insert(_ key: ZoneTable.Key, _ rate: RequestRate) {
        if table.insert(key, ZoneValue(rate)) != nil { return }
        // As in nginx: if there is no room, the least recently used entry is removed, expired or
        // not.
        guard let oldest = table.oldest else { return }
        table.remove(oldest)
        _ = table.insert(key, ZoneValue(rate))
    }

    /// Removes up to two expired entries for a new key, as nginx does.
    private func forgetExpired(_ rate: Int64, _ nowMs: Int64) {
        for _ in 0..<2 {
            guard let oldest = table.oldest,
                table[oldest].rate.isExpired(rate: rate, nowMs: nowMs)
            else { return }
            table.remove(oldest)
        }
    }
}

// Operations of limit_conn. An entry counts the connections of a key in one process, so that those
// of a process that died can be removed; the number of a key is the sum of its entries.
extension Zone {
    enum Admission: Equatable {
        /// The connection is counted by this entry, until it is released.
        case admitted(entry: Int)
        /// The key has reached its limit.
        case tooMany
        /// The zone is full.
        case noRoom
        /// The connection is not counted: another worker holds the zone's lock.
        case uncounted
    }

    /// Counts one more connection of a key in this process, unless the key has `most`.
    func admit(_ bytes: Span<UInt8>, most: Int64) -> Admission {
        let key = table.key(of: bytes)
        return withTable { table in
            var total: Int64 = 0
            var own: Int?
            table.forEach(key) { found in
                let value = table[found]
                total = total.addingReportingOverflow(max(0, value.connections)).partialValue
                if value.owner == owner { own = found }
                return true
            }
            if total >= most { return .tooMany }
            if let own {
                table[own].connections &+= 1
                return .admitted(entry: own)
            }
            let value = ZoneValue(owner: owner, connections: 1)
            return table.insert(key, value).map { .admitted(entry: $0) } ?? .noRoom
        } ?? .uncounted
    }

    /// Removes one connection from an entry of this process: an entry keeps its place while it
    /// counts one.
    func uncount(entry: Int) {
        unreleased.append(entry)
        // Without the lock, the next operation that acquires it does this.
        _ = withTable { _ in }
    }

    private func uncount(_ entry: Int, in table: ZoneTable) {
        // The entry is gone if the table was emptied.
        guard table.isUsed(entry), table[entry].owner == owner else { return }
        if table[entry].connections > 1 {
            table[entry].connections &-= 1
        } else {
            table.remove(entry)
        }
    }
}

extension ZoneValue {
    fileprivate init(_ rate: RequestRate) { self.init(first: rate.excess, second: rate.lastMs) }

    /// The rate, within the bounds that the arithmetic of ``RequestRate`` needs, whatever the
    /// memory contains.
    fileprivate var rate: RequestRate {
        RequestRate(excess: min(max(0, first), RequestRate.maxExcess), lastMs: second)
    }

    fileprivate init(owner: UInt64, connections: Int64) {
        self.init(first: Int64(bitPattern: owner), second: connections)
    }

    fileprivate var owner: UInt64 { UInt64(bitPattern: first) }

    fileprivate var connections: Int64 {
        get { second }
        set { second = newValue }
    }
}

/// The zones of one generation, in the order of its plan.
enum ZoneSet {
    /// Opens the zones of `plans`. A zone with the same name, kind and size as in the previous
    /// generation keeps its contents; with another size it starts empty, and with another key it is
    /// an error, as in nginx.
    static func open(
        _ plans: [ZonePlan], keeping old: [Zone]
    ) throws(GenerationError) -> [Zone] {
        var zones: [Zone] = []
        for plan in plans {
            let known = old.first {
                $0.plan.name == plan.name && $0.plan.kind == plan.kind && $0.plan.size == plan.size
            }
            guard let known else {
                zones.append(try make(plan))
                continue
            }
            guard known.plan.keyText == plan.keyText else {
                // nginx uses these two names.
                let directive = plan.kind == .requests ? "limit_req" : "limit_conn_zone"
                throw GenerationError(lines: [
                    "\(directive) \"\(plan.name)\" uses the \"\(plan.keyText)\" key "
                        + "while previously it used the \"\(known.plan.keyText)\" key"
                ])
            }
            zones.append(known)
        }
        return zones
    }

    private static func make(_ plan: ZonePlan) throws(GenerationError) -> Zone {
        do throws(SystemError) {
            return try Zone(plan)
        } catch {
            throw GenerationError(lines: [
                "\(error) for the shared memory zone \"\(plan.name)\""
            ])
        }
    }
}
