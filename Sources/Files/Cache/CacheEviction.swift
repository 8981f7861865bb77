import Linux

/// The size limits of a cache (content_cache).
public struct CacheBounds: Sendable, Equatable {
    /// The maximum number of bytes of files, paths and headers.
    public var bytes: Int64
    /// The maximum number of paths.
    public var entries: Int
    /// The largest file whose bytes are cached; larger files are cached as open descriptors.
    public var maxFileSize: Int64
    /// Milliseconds without a request after which an entry is dropped; 0 for never.
    public var inactiveMs: Int64 = 0

    /// Creates the bounds of a whole server, or of one worker.
    public init(bytes: Int64, entries: Int, largestFile: Int64) {
        self.bytes = bytes
        self.entries = entries
        self.maxFileSize = largestFile
    }
}

/// Admits a name to the cache at its second request. A crawl over a million files costs the cache
/// nothing.
struct AdmissionFilter: ~Copyable {
    private var seen: ZeroedStorage<UInt32>
    private let mask: Int

    /// Creates a filter that remembers about `count` names. Of names that share a cell, it
    /// remembers the latest.
    init(count: Int) {
        var size = 64
        while size < count { size &*= 2 }
        seen = ZeroedStorage(count: size)
        mask = size &- 1
    }

    /// Returns true if the name with this hash was seen before, and remembers it.
    mutating func admits(_ hash: UInt64) -> Bool {
        let place = Int(truncatingIfNeeded: hash) & mask
        let mark = UInt32(truncatingIfNeeded: hash &>> 32) | 1
        if seen[place] == mark { return true }
        seen[place] = mark
        return false
    }
}

/// Chooses which slot of a full table is evicted: CLOCK with use counts. The hand goes round the
/// table and decrements the counts it passes; the first slot with a count of zero is evicted.
public struct ClockEviction {
    /// The highest use count of a slot, so the number of times the hand passes it.
    public static let maxUses: UInt8 = 3
    /// The maximum number of slots examined for one eviction. No request waits for a scan of the
    /// whole table.
    public static let maxStepsPerEviction = 64
    /// The maximum number of entries evicted for one new entry, which may be larger than many of
    /// them.
    public static let maxVictims = 64

    private var position = -1

    /// Creates a hand at the beginning of the table.
    public init() {}

    /// Returns the next of `count` slots to examine; nil if there are none.
    public mutating func step(of count: Int) -> Int? {
        guard count > 0 else { return nil }
        position = position &+ 1 < count ? position &+ 1 : 0
        return position
    }
}

/// Visits all slots of a table once in a period, a few at a time, so that no request waits for a
/// scan of the whole table.
public struct IncrementalSweep {
    /// The number of slots visited in one call.
    public static let slotsPerStep = 512

    private var position = 0
    /// The time of the next call; Int64.max while there is nothing to visit.
    public private(set) var dueMs = Int64.max

    /// Creates a sweep that is not scheduled.
    public init() {}

    /// Schedules a sweep one period from now.
    public mutating func begin(nowMs: Int64, periodMs: Int64) {
        if dueMs == Int64.max { dueMs = nowMs.addingReportingOverflow(periodMs).partialValue }
    }

    /// Returns the next slots of a table of `count`.
    public mutating func slots(of count: Int) -> Range<Int> {
        let start = min(position, count)
        position = min(start &+ IncrementalSweep.slotsPerStep, count)
        return start..<position
    }

    /// Schedules the next call: at once, or a period after the end of the table was reached, if the
    /// table has entries.
    public mutating func rest(of count: Int, nowMs: Int64, periodMs: Int64) {
        guard position >= count else {
            dueMs = nowMs
            return
        }
        position = 0
        dueMs = Int64.max
        if count > 0 { begin(nowMs: nowMs, periodMs: periodMs) }
    }
}
