import Linux

/// The workers that are alive, each by a number that is never used again. The master writes it;
/// workers only read it, so that none can declare another one dead.
///
/// It takes the master's place in the zones: entries and locks there carry their worker's number,
/// and other workers clean up behind one that is not alive any more.
final class WorkerRegistry {
    /// The number of workers that there may be at a time.
    static let rows = 4096
    /// A number is the worker's row and, in the lower bits, a count.
    private static let serialBits: UInt64 = 48

    /// The count of deaths, then the number in each row; 0 where there is none.
    private let memory: ReadableMemory
    private var lastSerial: UInt64 = 0

    init() throws(SystemError) { memory = try ReadableMemory(count: 1 + WorkerRegistry.rows) }

    // MARK: the master

    /// Adds a worker before it is forked, so that nobody takes it for dead. Returns its number, or
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

    /// Removes a worker that has ended.
    func remove(_ number: UInt64) {
        guard isAlive(number) else { return }
        memory[1 + WorkerRegistry.row(of: number)] = 0
        memory[0] &+= 1
    }

    /// In a child: gives up the right to write.
    func keepReading() { memory.keepReading() }

    // MARK: everybody

    /// The row of a number, from 1.
    static func row(of number: UInt64) -> Int { Int(number >> serialBits) }

    /// True if a worker with this number is alive. Any number may be asked about.
    func isAlive(_ number: UInt64) -> Bool {
        let row = WorkerRegistry.row(of: number)
        return number != 0 && row < WorkerRegistry.rows && memory[1 + row] == number
    }

    /// The number of workers that have ended so far.
    var deaths: UInt64 { memory[0] }
}
