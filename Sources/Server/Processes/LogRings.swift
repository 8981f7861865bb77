import Linux

/// The rings of a generation: one for each worker and one for the Aide, the pipes that wake the
/// Logger, and the pipe by which it learns that the last of them has ended. The master makes them
/// and keeps them, so that a worker or a Logger that takes another's place finds them as they were.
///
/// A process that writes into a ring has nothing of the others: neither their memory nor their
/// pipes.
final class LogRings {
    let rings: [LogRing]

    /// The master's own bell: workers do not have it.
    private let wakes: Descriptor
    private let reopens: Descriptor
    private let ends: Descriptor
    /// Held by all that write, and by the master while it may start more of them.
    private var writers: Descriptor?
    private var memories: [RingMemory]
    /// For each ring, the pipe that wakes the Logger.
    private var pipes: [(reads: Int32, writes: Int32)]

    init(count: Int) throws(SystemError) {
        let pipe = try openPipe(readsNonblocking: true)
        ends = Descriptor(owning: pipe.reads)
        writers = Descriptor(owning: pipe.writes)
        wakes = Descriptor(owning: try openEventDescriptor())
        reopens = Descriptor(owning: try openEventDescriptor())
        var pipes: [(reads: Int32, writes: Int32)] = []
        var memories: [RingMemory] = []
        var rings: [LogRing] = []
        do throws(SystemError) {
            for _ in 0..<count {
                let memory = try RingMemory(size: LogRing.size)
                let pipe = try openWakePipe()
                pipes.append(pipe)
                memories.append(memory)
                rings.append(LogRing(in: memory, wakes: pipe.writes))
            }
        } catch {
            LogRings.close(pipes)
            throw error
        }
        self.memories = memories
        self.rings = rings
        self.pipes = pipes
    }

    deinit { LogRings.close(pipes) }

    private static func close(_ pipes: [(reads: Int32, writes: Int32)]) {
        for pipe in pipes {
            for descriptor in [pipe.reads, pipe.writes] where descriptor >= 0 {
                closeDescriptor(descriptor)
            }
        }
    }

    /// The Logger raises it when it has reopened the files; the master waits for it.
    var reopened: Int32 { reopens.number }
    /// A pipe whose writers are gone when nobody is left who writes. Bytes in it mean nothing.
    var end: Int32 { ends.number }

    // MARK: the Logger and the master

    /// What wakes the Logger: the master's bell, then the pipe of each ring.
    var wakeDescriptors: [Int32] { [wakes.number] + pipes.map(\.reads) }

    /// In the Logger: takes the wake-up at an index of `wakeDescriptors`.
    func takeWake(at index: Int) {
        if index == 0 { clearEvent(wakes.number) } else { takeWakes(pipes[index &- 1].reads) }
    }

    /// In the master: has the Logger look at all rings.
    func wakeLogger() { raiseEvent(wakes.number) }

    /// In the Logger, and in the master once it starts nobody else who writes.
    func closeWriters() { writers = nil }

    // MARK: the others

    /// In a process that writes into ring `index`: nobody else's lines are within its reach.
    func keepOnlyWriting(_ index: Int) -> LogRing {
        memories = [memories[index]]
        let own = pipes[index].writes
        pipes[index].writes = -1
        LogRings.close(pipes)
        pipes = [(reads: -1, writes: own)]
        for descriptor in [end, reopened, wakes.number] { closeDescriptor(descriptor) }
        rings[index].takeOver()
        return rings[index]
    }

    /// In a process that has nothing to do with them.
    func closeInherited() {
        closeWriters()
        memories = []
        LogRings.close(pipes)
        pipes = []
        for descriptor in [end, reopened, wakes.number] { closeDescriptor(descriptor) }
    }
}
