import Files
import Linux

/// A queue in which clients take turns, so that a client with many items does not delay the others.
/// Every operation takes constant time. An item is a small number of the caller's.
struct FairQueue<Client: Hashable> {
    private struct ClientQueue {
        var client: Client?
        var items = SlotList()
    }

    private var queues: [ClientQueue] = []
    private var freeQueues: [Int] = []
    private var places: [Client: Int] = [:]
    private var itemLinks = SlotLinks()
    /// The line of each item.
    private var queueOfItem: [Int] = []
    /// The lines in the order of their turns.
    private var turns = SlotList()
    private var turnLinks = SlotLinks()
    /// The number of items.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// The item at the front.
    var first: Int? { turns.first.flatMap { queues[$0].items.first } }

    /// Appends an item after those of the same client.
    mutating func append(_ item: Int, of client: Client) {
        let (place, isNew) = place(of: client)
        itemLinks.append(item, to: &queues[place].items)
        if isNew { turnLinks.append(place, to: &turns) }
        note(item, place)
    }

    /// Puts an item in front of all others: it had its turn before.
    mutating func prepend(_ item: Int, of client: Client) {
        let (place, isNew) = place(of: client)
        itemLinks.prepend(item, to: &queues[place].items)
        if !isNew { turnLinks.remove(place, from: &turns) }
        turnLinks.prepend(place, to: &turns)
        note(item, place)
    }

    /// Removes an item at any position; does nothing if it is not queued.
    mutating func remove(_ item: Int) {
        guard itemLinks.contains(item) else { return }
        let place = queueOfItem[item]
        itemLinks.remove(item, from: &queues[place].items)
        count &-= 1
        if queues[place].items.isEmpty { free(place) }
    }

    /// Removes and returns the item at the front; its client moves to the end.
    mutating func popFirst() -> Int? {
        guard let place = turns.first, let item = queues[place].items.first else { return nil }
        turnLinks.remove(place, from: &turns)
        turnLinks.append(place, to: &turns)
        remove(item)
        return item
    }

    private mutating func place(of client: Client) -> (place: Int, isNew: Bool) {
        if let known = places[client] { return (known, false) }
        let place: Int
        if let free = freeQueues.popLast() {
            place = free
        } else {
            queues.append(ClientQueue())
            place = queues.count &- 1
        }
        queues[place].client = client
        places[client] = place
        return (place, true)
    }

    private mutating func note(_ item: Int, _ place: Int) {
        while queueOfItem.count <= item { queueOfItem.append(0) }
        queueOfItem[item] = place
        count &+= 1
    }

    private mutating func free(_ place: Int) {
        turnLinks.remove(place, from: &turns)
        if let client = queues[place].client { places[client] = nil }
        queues[place].client = nil
        freeQueues.append(place)
    }
}

/// The compressions that the helper process has to do, first come first served, one slice at a
/// time.
struct CompressionQueue {
    private final class PendingJob {
        let number: UInt64
        let socket: Int32
        let job: CompressionJob

        init(_ number: UInt64, _ socket: Int32, _ job: CompressionJob) {
            self.number = number
            self.socket = socket
            self.job = job
        }
    }

    private var pending: [PendingJob] = []
    private var memory: CompressedBodyCache

    /// Creates a queue that caches up to `memory` bytes of compressed bodies.
    init(memory: Int64) { self.memory = CompressedBodyCache(bytes: memory) }

    var isEmpty: Bool { pending.isEmpty }

    /// Returns the number of queued jobs of one worker.
    func count(for socket: Int32) -> Int { pending.count { $0.socket == socket } }

    mutating func add(
        _ source: consuming CompressionJob.Source, _ number: UInt64, for socket: Int32
    ) {
        pending.append(PendingJob(number, socket, CompressionJob(source)))
    }

    /// Removes the jobs of a worker that has exited.
    mutating func removeAll(_ socket: Int32) { pending.removeAll { $0.socket == socket } }

    /// Compresses the next slice, and sends the reply after the last slice of a body.
    mutating func step() {
        guard let first = pending.first else { return }
        switch first.job.step() {
        case .inProgress: return
        case .digested:
            guard let known = memory.body(of: first.job.digest) else { return }
            CompressionQueue.reply(first, known)
        case .compressed(let body):
            CompressionQueue.reply(first, body)
            memory.store(first.job.digest, body)
        case .failed:
            HelperProcess.reply(HelperProtocol.message(first.number, .failed), to: first.socket)
        }
        pending.removeFirst()
    }

    private static func reply(_ job: PendingJob, _ body: CompressedBody) {
        switch body {
        case .bytes(let bytes):
            HelperProcess.reply(
                HelperProtocol.message(job.number, .compressBytes, bytes), to: job.socket)
        case .file(let file, _):
            HelperProcess.reply(
                HelperProtocol.message(job.number, .compressFile), to: job.socket,
                passing: file.number)
        }
    }
}

/// The reads that the helper process has to do, so that workers find the bytes in the page cache.
/// Announces all pending reads to the kernel (posix_fadvise(2)), then performs them in order.
struct ReadQueue: ~Copyable {
    /// The number of bytes read before other work is checked.
    private static let slice = 131_072

    private struct PendingRead {
        let number: UInt64
        let socket: Int32
        let file: Int32
        var piece: FilePiece
    }

    private var pending: [PendingRead] = []
    private var memory = [UInt8](repeating: 0, count: ReadQueue.slice)

    deinit { for one in pending { closeDescriptor(one.file) } }

    var isEmpty: Bool { pending.isEmpty }

    /// Returns the number of queued jobs of one worker.
    func count(for socket: Int32) -> Int { pending.count { $0.socket == socket } }

    mutating func add(
        _ file: consuming Descriptor, _ piece: FilePiece, _ number: UInt64, for socket: Int32
    ) {
        readAhead(file.number, at: piece.offset, count: piece.count)
        pending.append(
            PendingRead(number: number, socket: socket, file: file.detach(), piece: piece))
    }

    /// Removes the jobs of a worker that has exited.
    mutating func removeAll(_ socket: Int32) {
        for one in pending where one.socket == socket { closeDescriptor(one.file) }
        pending.removeAll { $0.socket == socket }
    }

    /// Reads the next slice, and sends the reply after the last slice of a piece. Read errors are
    /// left to the worker.
    mutating func step() {
        guard let first = pending.first else { return }
        let count = Int(min(first.piece.count, Int64(ReadQueue.slice)))
        let result = unsafe memory.withUnsafeMutableBytes {
            unsafe readFile(
                first.file, at: first.piece.offset,
                into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
        }
        if case .bytes(let read) = result, read > 0, Int64(read) < first.piece.count {
            pending[0].piece = first.piece.remainder(behind: Int64(read))
            return
        }
        HelperProcess.reply(HelperProtocol.message(first.number, .read), to: first.socket)
        closeDescriptor(first.file)
        pending.removeFirst()
    }
}

/// The client that a job of the helper process belongs to: its address. An IPv6 client counts as
/// its network of 64 bits; all clients of unix sockets count as one.
struct WaitingClient: Hashable {
    private let high: UInt64
    private let low: UInt64

    init(_ peer: Peer) {
        switch peer.family {
        case .unix: (high, low) = (0, 0)
        case .ipv4: (high, low) = (1, peer.low)
        case .ipv6: (high, low) = (2, peer.high)
        }
    }
}

/// A piece of a file.
struct FilePiece: BitwiseCopyable, Equatable {
    /// The maximum size of one read request in bytes.
    static let maxCount: Int64 = 1 << 20

    var offset: Int64
    var count: Int64

    /// Returns the part after the first `read` bytes.
    func remainder(behind read: Int64) -> FilePiece {
        FilePiece(
            offset: offset.addingReportingOverflow(read).partialValue, count: count &- read)
    }

    var end: Int64 { offset.addingReportingOverflow(count).partialValue }
}
