import Linux

/// One worker's share of the memory that it has in common with the master.
///
/// The report of what the worker is doing is in memory that only it and the master have: the master
/// kills a worker that seems to hang, and writes the request to the error log, so no other worker
/// may change or read it.
final class WorkerRecord {
    /// The worker's number in `registry`.
    let number: UInt64
    let registry: WorkerRegistry
    /// The counters of all workers.
    let scoreboard: Scoreboard
    /// The worker's report of what it is doing.
    let activity: Activity
    private let memory: SharedMemory

    fileprivate init(_ number: UInt64, of records: WorkerRecords) throws(SystemError) {
        self.number = number
        registry = records.registry
        scoreboard = records.scoreboard
        // A memory object of its own: with mremap(2) a worker could reach what follows a part of a
        // shared one.
        memory = try SharedMemory(size: Activity.size)
        activity = memory.activity(at: 0)
    }

    /// The worker's row of the scoreboard; nil if it has none.
    var row: Int? {
        let row = WorkerRegistry.row(of: number)
        return row < Scoreboard.rows ? row : nil
    }
}

/// The records of all workers, managed by the master.
final class WorkerRecords {
    let registry: WorkerRegistry
    /// The counters of all workers.
    let scoreboard: Scoreboard
    private var records: [Int32: WorkerRecord] = [:]

    init() throws(SystemError) {
        registry = try WorkerRegistry()
        scoreboard = try Scoreboard()
    }

    /// Creates a record for a worker that is about to be forked.
    func open() throws(SystemError) -> WorkerRecord {
        guard let number = registry.add() else {
            throw SystemError(
                "fork() of more than \(WorkerRegistry.rows) workers", code: Errno.again)
        }
        do throws(SystemError) {
            return try WorkerRecord(number, of: self)
        } catch {
            registry.remove(number)
            throw error
        }
    }

    /// Assigns a record to a process.
    func assign(_ record: WorkerRecord, to process: Int32) { records[process] = record }

    /// Frees a record that was assigned to no process.
    func free(_ record: WorkerRecord) { registry.remove(record.number) }

    /// Frees the record of a process that has exited, and keeps its totals.
    func retire(_ process: Int32) {
        guard let record = records.removeValue(forKey: process) else { return }
        if let row = record.row { scoreboard.retire(row) }
        registry.remove(record.number)
    }

    /// Unmaps the memory of other workers and drops the right to write the registry. Called in a
    /// child.
    func detachOthers() {
        records = [:]
        registry.makeReadOnly()
    }

    /// Returns the report of a process, even if it has died; nil if it has no record.
    func activity(of process: Int32) -> Activity.Snapshot? { records[process]?.activity.snapshot }

    /// The processes that have records.
    var processes: [Int32] { records.keys.sorted() }
}

/// The living workers, each with a number that is never reused. Only the master writes it; workers
/// read it, so that none can declare another one dead.
///
/// In the zones, entries and locks carry their worker's number, and other workers clean up after
/// one that has died; the master does not take part.
final class WorkerRegistry {
    /// The maximum number of workers at a time.
    static let rows = 4096
    /// The number of bits of the count: a worker's number consists of its row and a count.
    private static let serialBits: UInt64 = 48

    /// The number of deaths, followed by the number in each row; 0 in a free row.
    private let memory: ReadableMemory
    private var lastSerial: UInt64 = 0

    init() throws(SystemError) { memory = try ReadableMemory(count: 1 + WorkerRegistry.rows) }

    // MARK: the master

    /// Adds a worker before it is forked, so that it never counts as dead. Returns its number, or
    /// nil if there are too many. Row 0 stays empty.
    func add() -> UInt64? {
        guard let row = (1..<WorkerRegistry.rows).first(where: { memory[1 + $0] == 0 }) else {
            return nil
        }
        lastSerial = (lastSerial &+ 1) & (1 << WorkerRegistry.serialBits &- 1)
        let number = UInt64(row) << WorkerRegistry.serialBits | lastSerial
        memory[1 + row] = number
        return number
    }

    /// Removes a worker that has exited.
    func remove(_ number: UInt64) {
        guard isAlive(number) else { return }
        memory[1 + WorkerRegistry.row(of: number)] = 0
        memory[0] &+= 1
    }

    /// Drops the right to write. Called in a child.
    func makeReadOnly() { memory.makeReadOnly() }

    // MARK: all clients

    /// Returns the row of a number, from 1.
    static func row(of number: UInt64) -> Int { Int(number >> serialBits) }

    /// Returns true if a worker with this number is alive. The number may be invalid.
    func isAlive(_ number: UInt64) -> Bool {
        let row = WorkerRegistry.row(of: number)
        return number != 0 && row < WorkerRegistry.rows && memory[1 + row] == number
    }

    /// The number of workers that have exited so far.
    var deaths: UInt64 { memory[0] }
}

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
