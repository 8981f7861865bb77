import Linux

/// The rings of a generation: one for each worker and one for the Aide, the bell that wakes the
/// Logger, and the pipe by which it learns that the last of them has ended. The master makes them
/// and keeps them, so that a worker or a Logger that takes another's place finds them as they were.
final class LogRings {
    let rings: [LogRing]
    let bell: LogBell

    private let wakes: Descriptor
    private let reopens: Descriptor
    private let ends: Descriptor
    /// Held by all that write, and by the master while it may start more of them.
    private var writers: Descriptor?
    private var memories: [RingMemory]
    private let words: SharedMemory

    init(count: Int) throws(SystemError) {
        let wordCount = LogRing.words
        words = try SharedMemory(size: (count + 1) * wordCount * 8)
        let pipe = try openPipe(readsNonblocking: true)
        ends = Descriptor(owning: pipe.reads)
        writers = Descriptor(owning: pipe.writes)
        wakes = Descriptor(owning: try openEventDescriptor())
        reopens = Descriptor(owning: try openEventDescriptor())
        bell = LogBell(
            words.table(of: UInt64.self, at: count * wordCount * 8, count: wordCount),
            descriptor: wakes.number)
        var memories: [RingMemory] = []
        var rings: [LogRing] = []
        for index in 0..<count {
            let memory = try RingMemory(size: LogRing.size)
            let table = words.table(of: UInt64.self, at: index * wordCount * 8, count: wordCount)
            rings.append(LogRing(memory.bytes, table, bell))
            memories.append(memory)
        }
        self.memories = memories
        self.rings = rings
    }

    /// The Logger raises it when it has reopened the files; the master waits for it.
    var reopened: Int32 { reopens.number }
    /// Reads as its end when nobody is left who writes.
    var end: Int32 { ends.number }

    /// In a process that writes into ring `index`: nobody else's lines are within its reach.
    func keepOnlyWriting(_ index: Int) -> LogRing {
        memories = [memories[index]]
        for descriptor in [end, reopened] { closeDescriptor(descriptor) }
        return rings[index]
    }

    /// In the Logger, and in the master once it starts nobody else who writes.
    func closeWriters() { writers = nil }

    /// In a process that has nothing to do with them.
    func closeInherited() {
        closeWriters()
        memories = []
        for descriptor in [end, reopened, bell.descriptor] { closeDescriptor(descriptor) }
    }
}
