import Linux

/// What a worker tells the master: bytes that no text has.
enum WorkerWord: UInt8 {
    /// It listens, and answers.
    case serves = 1
    /// It accepts no more connections.
    case acceptsNoMore = 2
    /// The helper process does not respond.
    case helperIsStuck = 3
}

/// What a child of the master writes to its stderr: a worker's words, and what the runtime says
/// when it traps. Its descriptor 2 is a pipe, and the master reads it.
struct WorkerOutput {
    let process: Int32
    let role: MasterState.Role
    /// The end of the pipe that is read, non-blocking; owned by who closes it.
    let descriptor: Int32
    private var unfinished: [UInt8] = []
    private var words: [WorkerWord] = []

    init(process: Int32, role: MasterState.Role, descriptor: Int32) {
        self.process = process
        self.role = role
        self.descriptor = descriptor
    }

    /// The lines that have come, and whether more may come.
    mutating func read() -> (lines: [String], isOpen: Bool) {
        var lines: [String] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        // Bounded: a worker that never stops talking must not keep the master from its signals.
        for _ in 0..<16 {
            let result = unsafe chunk.withUnsafeMutableBytes {
                unsafe readPipe(descriptor, into: $0)
            }
            switch result {
            case .bytes(let count) where count > 0: take(chunk[..<count], into: &lines)
            case .wouldBlock: return (lines, true)
            case .bytes, .failed: return (lines + rest(), false)
            }
        }
        return (lines, true)
    }

    /// The words that were among what was read.
    mutating func takeWords() -> [WorkerWord] {
        defer { words = [] }
        return words
    }

    /// What was said without a line end.
    private mutating func rest() -> [String] {
        defer { unfinished = [] }
        return unfinished.isEmpty ? [] : [String(decoding: unfinished, as: UTF8.self)]
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>, into lines: inout [String]) {
        for byte in bytes {
            if let word = WorkerWord(rawValue: byte) {
                words.append(word)
                continue
            }
            if byte == UInt8(ascii: "\n") || unfinished.count >= 2048 { lines += rest() }
            if byte != UInt8(ascii: "\n") { unfinished.append(byte) }
        }
    }
}
