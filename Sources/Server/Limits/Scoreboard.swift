import Linux

/// The counters of all workers, in memory that they share: for stub_status, $connections_active and
/// similar variables.
///
/// Each worker has a row that it writes once per iteration of its event loop; a reader adds the
/// rows up. When a worker exits, the master adds its totals to the row of exited workers; its
/// current values are dropped.
///
/// All workers can write all rows. A hostile one can falsify the sums, as it could with its own row
/// alone; they are only displayed. Any number is accepted: sums wrap around.
final class Scoreboard {
    /// The counters: the first three are totals, the others current values.
    struct Counts: BitwiseCopyable, Equatable {
        var accepted: UInt64 = 0
        var handled: UInt64 = 0
        var requests: UInt64 = 0
        /// Current connections; the next three add up to it.
        var active: UInt64 = 0
        var reading: UInt64 = 0
        var writing: UInt64 = 0
        var waiting: UInt64 = 0
    }

    /// The maximum number of workers that are counted.
    static let rows = 1024
    /// The number of columns: a row has a cache line of its own.
    private static let columns = 8

    private let cells: SharedTable<UInt64>
    private let memory: SharedMemory

    init() throws(SystemError) {
        let count = Scoreboard.rows &* Scoreboard.columns
        memory = try SharedMemory(size: count &* 8)
        cells = memory.table(of: UInt64.self, at: 0, count: count)
    }

    /// Adds the totals of a row whose process has exited to row 0, and clears the row.
    func retire(_ row: Int) {
        let ended = self[row]
        var total = self[0]
        total.accepted &+= ended.accepted
        total.handled &+= ended.handled
        total.requests &+= ended.requests
        self[row] = Counts()
        self[0] = total
    }

    /// The counters of a row.
    subscript(_ row: Int) -> Counts {
        get {
            let first = row &* Scoreboard.columns
            return Counts(
                accepted: cells.published(at: first), handled: cells.published(at: first &+ 1),
                requests: cells.published(at: first &+ 2), active: cells.published(at: first &+ 3),
                reading: cells.published(at: first &+ 4), writing: cells.published(at: first &+ 5),
                waiting: cells.published(at: first &+ 6))
        }
        set {
            let first = row &* Scoreboard.columns
            cells.publish(newValue.accepted, at: first)
            cells.publish(newValue.handled, at: first &+ 1)
            cells.publish(newValue.requests, at: first &+ 2)
            cells.publish(newValue.active, at: first &+ 3)
            cells.publish(newValue.reading, at: first &+ 4)
            cells.publish(newValue.writing, at: first &+ 5)
            cells.publish(newValue.waiting, at: first &+ 6)
        }
    }

    /// The sum of all rows.
    var total: Counts {
        var total = Counts()
        for row in 0..<Scoreboard.rows {
            let counts = self[row]
            total.accepted &+= counts.accepted
            total.handled &+= counts.handled
            total.requests &+= counts.requests
            total.active &+= counts.active
            total.reading &+= counts.reading
            total.writing &+= counts.writing
            total.waiting &+= counts.waiting
        }
        return total
    }
}
