import Linux

/// The reads that the helper process has to do, so that workers find the bytes in the page cache.
/// The kernel is asked to read all of them ahead; then they are waited for in order.
struct ReadingQueue: ~Copyable {
    /// The number of bytes read before other work is checked.
    private static let slice = 131_072

    private struct Asked {
        let number: UInt64
        let socket: Int32
        let file: Int32
        var piece: FilePiece
    }

    private var asked: [Asked] = []
    private var memory = [UInt8](repeating: 0, count: ReadingQueue.slice)

    deinit { for one in asked { closeDescriptor(one.file) } }

    var isEmpty: Bool { asked.isEmpty }

    /// Returns the number of queued jobs of one worker.
    func count(for socket: Int32) -> Int { asked.count { $0.socket == socket } }

    mutating func add(
        _ file: consuming Descriptor, _ piece: FilePiece, _ number: UInt64, for socket: Int32
    ) {
        willNeed(file.number, at: piece.offset, count: piece.count)
        asked.append(Asked(number: number, socket: socket, file: file.release(), piece: piece))
    }

    /// Removes the jobs of a worker that has exited.
    mutating func forget(_ socket: Int32) {
        for one in asked where one.socket == socket { closeDescriptor(one.file) }
        asked.removeAll { $0.socket == socket }
    }

    /// Reads the next slice, and sends the reply after the last slice of a piece. Read errors are
    /// left to the worker.
    mutating func step() {
        guard let first = asked.first else { return }
        let count = Int(min(first.piece.count, Int64(ReadingQueue.slice)))
        let result = unsafe memory.withUnsafeMutableBytes {
            unsafe readFile(
                first.file, at: first.piece.offset,
                into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
        }
        if case .bytes(let read) = result, read > 0, Int64(read) < first.piece.count {
            asked[0].piece = first.piece.rest(behind: Int64(read))
            return
        }
        Aide.tell(AideMessages.message(first.number, .read), to: first.socket)
        closeDescriptor(first.file)
        asked.removeFirst()
    }
}
