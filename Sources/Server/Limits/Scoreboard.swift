import Linux

/// What all workers have done and are at, in memory that they share: for stub_status and the
/// variables $connections_active and its like.
///
/// Each worker has a row that it writes once a turn of its loop; a reader adds the rows up. When a
/// worker ends, the master adds what it has done to the row of those that have ended; what it was
/// at is over.
///
/// All workers can write all rows. A hostile one can falsify the sums, as it could with its own row
/// alone; they are shown, and decide nothing. Any number is taken: sums wrap around.
final class Scoreboard {
    /// What is counted: the first three for good, the others as it is now.
    struct Counts: BitwiseCopyable, Equatable {
        var accepted: UInt64 = 0
        var handled: UInt64 = 0
        var requests: UInt64 = 0
        /// Connections; the next three are these.
        var active: UInt64 = 0
        var reading: UInt64 = 0
        var writing: UInt64 = 0
        var waiting: UInt64 = 0
    }

    /// Workers beyond this number are not counted.
    static let rows = 1024
    /// A row has a cache line of its own.
    private static let columns = 8

    private let cells: SharedTable<UInt64>
    private let memory: SharedMemory

    init() throws(SystemError) {
        let count = Scoreboard.rows &* Scoreboard.columns
        memory = try SharedMemory(size: count &* 8)
        cells = memory.table(of: UInt64.self, at: 0, count: count)
    }

    /// Keeps what the process of a row has done, in row 0, and clears the row.
    func release(_ row: Int) {
        let ended = self[row]
        var total = self[0]
        total.accepted &+= ended.accepted
        total.handled &+= ended.handled
        total.requests &+= ended.requests
        self[row] = Counts()
        self[0] = total
    }

    /// A row's counts.
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

    /// All rows together.
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
