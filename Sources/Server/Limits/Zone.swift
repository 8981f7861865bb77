import Linux

/// A zone of limit_req_zone or limit_conn_zone: memory that the master makes and all workers share.
final class Zone {
    let plan: ZonePlan
    private let lock: SharedLock
    private let table: ZoneTable

    /// An empty zone. Its secret is shared as the memory is: both are there before a fork.
    init(_ plan: ZonePlan) throws(SystemError) {
        self.plan = plan
        let memory = try SharedMemory(size: plan.size)
        lock = try memory.makeLock()
        table = ZoneTable(in: memory, secret: (randomNumber(), randomNumber()))
    }

    /// Has `body` look at the table while nobody else does.
    func withTable<Value>(
        timeoutMs: Int32 = -1, _ body: (ZoneTable) -> Value
    ) -> Value? {
        lock.withLock(timeoutMs: timeoutMs, repair: table.repair) { body(table) }
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
    }

    /// Counts one more connection of a key in `process`, unless it has `most`.
    func admit(_ bytes: Span<UInt8>, process: Int32, most: Int64) -> Admission {
        let key = table.key(of: bytes)
        return withTable { table in
            var total: Int64 = 0
            var own: Int?
            var index = table.find(key)
            while let found = index {
                total &+= table[found].connections
                if table[found].process == process { own = found }
                index = table.find(key, after: found)
            }
            if total >= most { return .tooMany }
            if let own {
                table[own].connections &+= 1
                return .admitted(entry: own)
            }
            let value = ZoneValue(process: process, connections: 1)
            return table.insert(key, value).map { .admitted(entry: $0) } ?? .noRoom
        } ?? .noRoom
    }

    /// Takes one connection back that an entry of `process` counts: an entry stays where it is as
    /// long as it counts one.
    func release(entry: Int, process: Int32) {
        _ = withTable { table in
            guard table[entry].process == process else { return }
            if table[entry].connections > 1 {
                table[entry].connections &-= 1
            } else {
                table.remove(entry)
            }
        }
    }

    /// Takes all connections of a process back that has ended; false when the lock was not to be
    /// had in time, because its holder is stopped.
    func releaseAll(of process: Int32) -> Bool {
        guard plan.kind == .connections else { return true }
        return withTable(timeoutMs: 100) { $0.removeAll { $0.process == process } } != nil
    }
}

extension ZoneValue {
    fileprivate init(_ rate: RequestRate) { self.init(first: rate.excess, second: rate.lastMs) }

    fileprivate var rate: RequestRate { RequestRate(excess: first, lastMs: second) }

    fileprivate init(process: Int32, connections: Int64) {
        self.init(first: Int64(process), second: connections)
    }

    fileprivate var process: Int32 { Int32(truncatingIfNeeded: first) }

    fileprivate var connections: Int64 {
        get { second }
        set { second = newValue }
    }
}
