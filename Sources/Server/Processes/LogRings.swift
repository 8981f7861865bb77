import Linux

/// The rings of a generation: one for each worker and one for the helper process, the pipes that
/// wake the logger, and the pipe whose end shows that all writers have exited. The master creates
/// and keeps them, so that a replaced worker or logger finds them as they were.
///
/// A process that writes into a ring has access to no other: neither its memory nor its pipe.
final class LogRings {
    let rings: [LogRing]

    /// The master's own wake-up of the logger, which workers do not have.
    private let wakes: Descriptor
    private let reopens: Descriptor
    private let ends: Descriptor
    /// Held by all writers, and by the master while it may start more of them.
    private var writers: Descriptor?
    private var memories: [RingMemory]
    /// For each ring, the pipe that wakes the logger.
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

    /// Raised by the logger after it has reopened the files; the master waits for it.
    var reopened: Int32 { reopens.number }
    /// A pipe at whose end all writers have exited. Bytes in it are ignored.
    var end: Int32 { ends.number }

    // MARK: the logger and the master

    /// The descriptors that wake the logger: the master's, then the pipe of each ring.
    var wakeDescriptors: [Int32] { [wakes.number] + pipes.map(\.reads) }

    /// Consumes the wake-up at an index of `wakeDescriptors`. Called in the logger.
    func consumeWake(at index: Int) {
        if index == 0 { clearEvent(wakes.number) } else { consumeWakes(pipes[index &- 1].reads) }
    }

    /// Makes the logger check all rings. Called in the master.
    func wakeLogger() { raiseEvent(wakes.number) }

    /// Closes the writers' end, in the logger, and in the master once it starts no more writers.
    func closeWriters() { writers = nil }

    // MARK: other processes

    /// Keeps only ring `index`, in a process that writes into it: lines of other processes are out
    /// of its reach.
    func keepOnlyRing(_ index: Int) -> LogRing {
        memories = [memories[index]]
        let own = pipes[index].writes
        pipes[index].writes = -1
        LogRings.close(pipes)
        pipes = [(reads: -1, writes: own)]
        for descriptor in [end, reopened, wakes.number] { closeDescriptor(descriptor) }
        rings[index].takeOver()
        return rings[index]
    }

    /// Closes everything, in a process that uses no ring.
    func closeInherited() {
        closeWriters()
        memories = []
        LogRings.close(pipes)
        pipes = []
        for descriptor in [end, reopened, wakes.number] { closeDescriptor(descriptor) }
    }
}
