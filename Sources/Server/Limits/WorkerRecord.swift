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
