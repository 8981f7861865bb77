import Linux

/// The reads that the helper process has to do, so that workers find the bytes in the page cache.
/// The kernel is asked to read all of them ahead; then they are waited for in order.
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
