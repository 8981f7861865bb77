import Linux

/// What each worker is doing, in memory that they share with the master: it reads there what a
/// worker was at that died or hangs. The rows are the ``Scoreboard``'s.
struct ActivityBoard {
    private let memory: SharedMemory
    private let rows: Int

    init(rows: Int) throws(SystemError) {
        self.rows = rows
        memory = try SharedMemory(size: rows &* Activity.size)
    }

    /// A row. The first is nobody's: those write there for whom there is none.
    subscript(_ row: Int) -> Activity {
        precondition(row >= 0 && row < rows)
        return memory.activity(at: row &* Activity.size)
    }
}
