import Linux

/// A zone of limit_req_zone or limit_conn_zone: memory that the master makes and all workers share.
///
/// Each worker can write all of it. So a hostile one can falsify the limits, but it can neither
/// stop nor crash another one: the lock is not waited for without end, and a damaged table is
/// emptied. Processes with more rights than a worker do not use it: workers clean up behind those
/// that have died.
final class Zone {
    let plan: ZonePlan
    /// Writes a message about the zone to the error log.
    var report: (String) -> Void = { _ in }

    let lock: SharedLock
    let table: ZoneTable
    /// This process, and those that are alive: see ``join(_:as:)``.
    private var owner = UInt64.max
    private var registry: WorkerRegistry?
    /// Until when a lock that is held is not waited for, after it was taken from its holder.
    private var impatientUntilMs = Int64.min
    private var silentUntilMs = Int64.min
    /// Entries of connections that are over, but could not be released.
    private var unreleased: [Int] = []

    /// How long the lock of a worker that is alive is waited for, once a second.
    private static let patienceMs: Int64 = 100
    private static let impatienceMs: Int64 = 1000
    private static let reportIntervalMs: Int64 = 60_000

    /// An empty zone. Its secret is shared as the memory is: both are there before a fork.
    init(_ plan: ZonePlan) throws(SystemError) {
        self.plan = plan
        let memory = try SharedMemory(size: max(plan.size, Zone.leastSize))
        lock = memory.lock
        table = ZoneTable(in: memory, secret: (randomNumber(), randomNumber()))
    }

    /// Room for the lock, the header and an entry.
    private static let leastSize = 8192

    /// In a worker, before it uses the zone: `owner` is its number in `registry`.
    func join(_ registry: WorkerRegistry, as owner: UInt64) {
        self.registry = registry
        self.owner = owner
    }

    /// Has `body` look at the table while nobody else does. Returns nil if the lock could not be
    /// taken, or if the table was damaged again after it was emptied; `body` may run twice.
    func withTable<Value>(_ body: (ZoneTable) -> Value) -> Value? {
        guard takeLock() else { return nil }
        defer { lock.give(from: owner) }
        sweep()
        while let entry = unreleased.popLast() { release(entry, in: table) }
        var value = body(table)
        guard table.isDamaged else { return value }
        table.reset()
        tell("was damaged by a worker and has been emptied")
        value = body(table)
        guard table.isDamaged else { return value }
        table.reset()
        return nil
    }

    private func takeLock() -> Bool {
        let taken = lock.take(as: owner, patienceMs: 0) { registry?.isAlive($0) ?? true }
        if taken == .free { return true }
        if taken == .orphaned {
            table.repair()
            return true
        }
        return takeHeldLock()
    }

    /// A holder needs microseconds. One that is stopped, or hostile, is waited for once a second.
    private func takeHeldLock() -> Bool {
        let nowMs = Clock.monotonicMs()
        guard nowMs >= impatientUntilMs else { return false }
        let taken = lock.take(as: owner, patienceMs: Zone.patienceMs) {
            registry?.isAlive($0) ?? true
        }
        if taken == .free { return true }
        if taken != .orphaned {
            impatientUntilMs = Clock.monotonicMs() &+ Zone.impatienceMs
            tell("was locked for \(Zone.patienceMs) ms: the lock was taken away from its holder")
        }
        guard taken != nil else { return false }
        table.repair()
        return true
    }

    /// Removes what workers that have died counted: the first one that notices a death does it.
    private func sweep() {
        guard plan.kind == .connections, let registry else { return }
        let deaths = UInt32(truncatingIfNeeded: registry.deaths)
        guard table.header[0].sweptDeaths != deaths else { return }
        table.removeAll { !registry.isAlive($0.owner) }
        table.header[0].sweptDeaths = deaths
    }

    private func tell(_ what: String) {
        let nowMs = Clock.monotonicMs()
        guard nowMs >= silentUntilMs else { return }
        silentUntilMs = nowMs &+ Zone.reportIntervalMs
        report("shared memory zone \"\(plan.name)\" \(what)")
    }
}

/// What a zone's directive says, with the memory that it asks for.
struct ZonePlan: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// limit_req_zone
        case requests
        /// limit_conn_zone
        case connections
    }

    let kind: Kind
    let name: String
    /// Bytes.
    let size: Int
    /// The key as it is written.
    let keyText: String
}

// limit_req.
extension Zone {
    /// The excess of a key with one more request. It is counted when `counts` and within the burst;
    /// otherwise the key is made known only.
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

    /// Counts a request of a key whatever its excess: the excess with it.
    func count(_ bytes: Span<UInt8>, _ limit: RequestLimit, nowMs: Int64) -> Int64 {
        let key = table.key(of: bytes)
        return withTable { table in
            guard let index = table.find(key) else {
                // Others filled the zone since it was looked at.
                insert(key, RequestRate(excess: 0, lastMs: nowMs))
                return 0
            }
            let next = table[index].rate.afterRequest(rate: limit.rate, nowMs: nowMs)
            table[index] = ZoneValue(next)
            return next.excess
        } ?? 0
    }

    /// So long ago that nothing is left of it.
    private static let never: Int64 = 0 &- 1 << 60

    private func insert(_ key: ZoneTable.Key, _ rate: RequestRate) {
        if table.insert(key, ZoneValue(rate)) != nil { return }
        // As nginx: when there is no room, what was used longest ago goes, expired or not.
        guard let oldest = table.oldest else { return }
        table.remove(oldest)
        _ = table.insert(key, ZoneValue(rate))
    }

    /// As nginx: a new key takes up to two old ones away that have expired.
    private func forgetExpired(_ rate: Int64, _ nowMs: Int64) {
        for _ in 0..<2 {
            guard let oldest = table.oldest,
                table[oldest].rate.isExpired(rate: rate, nowMs: nowMs)
            else { return }
            table.remove(oldest)
        }
    }
}

// limit_conn. An entry counts the connections of a key in one process, so that those of a process
// that died can be taken back; a key's number is the sum of its entries.
extension Zone {
    enum Admission: Equatable {
        /// Counted by this entry, until it is released.
        case admitted(entry: Int)
        /// The key has as many connections as it may have.
        case tooMany
        /// The zone is full.
        case noRoom
        /// Not counted: another worker holds the zone's lock.
        case uncounted
    }

    /// Counts one more connection of a key in this process, unless it has `most`.
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

    /// Takes one connection back that an entry of this process counts: an entry stays where it is
    /// as long as it counts one.
    func release(entry: Int) {
        unreleased.append(entry)
        // Without the lock it is done by whatever takes it next.
        _ = withTable { _ in }
    }

    private func release(_ entry: Int, in table: ZoneTable) {
        // It is gone if the table was emptied.
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

    /// Within the bounds that the arithmetic of ``RequestRate`` needs, whatever the memory holds.
    fileprivate var rate: RequestRate {
        RequestRate(excess: min(max(0, first), RequestRate.most), lastMs: second)
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
