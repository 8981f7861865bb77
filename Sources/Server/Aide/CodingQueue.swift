import Files
import Linux

/// What the Aide is to compress: in the order in which it was asked, a slice at a time.
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

    /// A queue that remembers so many bytes of what it has compressed.
    init(memory: Int64) { self.memory = CodedMemory(bytes: memory) }

    var isEmpty: Bool { asked.isEmpty }

    /// The number of questions of one worker.
    func count(for socket: Int32) -> Int { asked.count { $0.socket == socket } }

    mutating func add(
        _ source: consuming CodingJob.Source, _ number: UInt64, for socket: Int32
    ) {
        asked.append(Asked(number, socket, CodingJob(source)))
    }

    /// Nobody is there any more to be answered.
    mutating func forget(_ socket: Int32) { asked.removeAll { $0.socket == socket } }

    /// Does the next slice; one that is the last of a body is answered.
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
