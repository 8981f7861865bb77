import Linux

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
