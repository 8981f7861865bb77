import Linux

/// One worker's share of the memory that workers and master have in common.
///
/// What the worker is doing stands in memory that only it and the master have: the master kills a
/// worker that seems to hang, and writes the request to the error log, so no other worker may
/// change or read it.
final class WorkerSeat {
    /// The worker's number in `registry`.
    let number: UInt64
    let registry: WorkerRegistry
    /// What all workers have counted.
    let scoreboard: Scoreboard
    /// What the worker is doing.
    let activity: Activity
    private let memory: SharedMemory

    fileprivate init(_ number: UInt64, of seats: WorkerSeats) throws(SystemError) {
        self.number = number
        registry = seats.registry
        scoreboard = seats.scoreboard
        // An object of its own: with mremap(2) a worker could reach what lies behind a part of one.
        memory = try SharedMemory(size: Activity.size)
        activity = memory.activity(at: 0)
    }

    /// The worker's row of the scoreboard; nil if it has none.
    var row: Int? {
        let row = WorkerRegistry.row(of: number)
        return row < Scoreboard.rows ? row : nil
    }
}

/// The seats of all workers, which the master gives them.
final class WorkerSeats {
    let registry: WorkerRegistry
    /// What all workers have counted.
    let scoreboard: Scoreboard
    private var seats: [Int32: WorkerSeat] = [:]

    init() throws(SystemError) {
        registry = try WorkerRegistry()
        scoreboard = try Scoreboard()
    }

    /// Makes a seat for a worker that is about to be forked.
    func open() throws(SystemError) -> WorkerSeat {
        guard let number = registry.add() else {
            throw SystemError(
                "fork() of more than \(WorkerRegistry.rows) workers", code: Errno.again)
        }
        do throws(SystemError) {
            return try WorkerSeat(number, of: self)
        } catch {
            registry.remove(number)
            throw error
        }
    }

    /// Gives a seat to a process.
    func give(_ seat: WorkerSeat, to process: Int32) { seats[process] = seat }

    /// Takes a seat back that was given to no process.
    func close(_ seat: WorkerSeat) { registry.remove(seat.number) }

    /// Takes back what a process had that has ended, and keeps what it has counted.
    func release(_ process: Int32) {
        guard let seat = seats.removeValue(forKey: process) else { return }
        if let row = seat.row { scoreboard.release(row) }
        registry.remove(seat.number)
    }

    /// In a child: lets go of what other workers have, and of the right to write the registry.
    func leave() {
        seats = [:]
        registry.keepReading()
    }

    /// What a process is doing, or was when it died; nil for one that has no seat.
    func activity(of process: Int32) -> Activity.Snapshot? { seats[process]?.activity.snapshot }

    /// The processes that have seats.
    var processes: [Int32] { seats.keys.sorted() }
}
