import Linux

/// What the Aide is to read, so that workers find it in the page cache. The kernel is told of all
/// of it at once; it is waited for in the order in which it was asked for.
struct ReadingQueue: ~Copyable {
    /// How much is waited for between two looks at what else there is to do.
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

    /// The number of questions of one worker.
    func count(for socket: Int32) -> Int { asked.count { $0.socket == socket } }

    mutating func add(
        _ file: consuming Descriptor, _ piece: FilePiece, _ number: UInt64, for socket: Int32
    ) {
        willNeed(file.number, at: piece.offset, count: piece.count)
        asked.append(Asked(number: number, socket: socket, file: file.release(), piece: piece))
    }

    /// Nobody is there any more to be answered.
    mutating func forget(_ socket: Int32) {
        for one in asked where one.socket == socket { closeDescriptor(one.file) }
        asked.removeAll { $0.socket == socket }
    }

    /// Reads the next slice; one that is the last of a piece is answered. What cannot be read is
    /// for the worker to find.
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
