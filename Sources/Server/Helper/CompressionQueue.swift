import Files
import Linux

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
