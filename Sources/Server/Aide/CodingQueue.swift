import Files
import Linux

/// The compressions that the helper process has to do, first come first served, one slice at a
/// time.
struct CodingQueue {
    private final class Asked {
        let number: UInt64
        let socket: Int32
        let job: CodingJob

        init(_ number: UInt64, _ socket: Int32, _ job: CodingJob) {
            self.number = number
            self.socket = socket
            self.job = job
        }
    }

    private var asked: [Asked] = []
    private var memory: CodedMemory

    /// Creates a queue that caches up to `memory` bytes of compressed bodies.
    init(memory: Int64) { self.memory = CodedMemory(bytes: memory) }

    var isEmpty: Bool { asked.isEmpty }

    /// Returns the number of queued jobs of one worker.
    func count(for socket: Int32) -> Int { asked.count { $0.socket == socket } }

    mutating func add(
        _ source: consuming CodingJob.Source, _ number: UInt64, for socket: Int32
    ) {
        asked.append(Asked(number, socket, CodingJob(source)))
    }

    /// Removes the jobs of a worker that has exited.
    mutating func forget(_ socket: Int32) { asked.removeAll { $0.socket == socket } }

    /// Compresses the next slice, and sends the reply after the last slice of a body.
    mutating func step() {
        guard let first = asked.first else { return }
        switch first.job.step() {
        case .goesOn: return
        case .isDigested:
            guard let known = memory.body(of: first.job.digest) else { return }
            CodingQueue.answer(first, known)
        case .isCoded(let body):
            CodingQueue.answer(first, body)
            memory.keep(first.job.digest, body)
        case .failed:
            Aide.tell(AideMessages.message(first.number, .nothing), to: first.socket)
        }
        asked.removeFirst()
    }

    private static func answer(_ asked: Asked, _ body: CodedBody) {
        switch body {
        case .bytes(let bytes):
            Aide.tell(
                AideMessages.message(asked.number, .codeBytes, bytes), to: asked.socket)
        case .file(let file, _):
            Aide.tell(
                AideMessages.message(asked.number, .codeFile), to: asked.socket,
                passing: file.number)
        }
    }
}
