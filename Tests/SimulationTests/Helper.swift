import FakeKernel
import Files
import Linux

@testable import Server

/// The simulated helper process: replies to the worker's jobs, late, with failures, or not at all.
struct Helper {
    private var isAlive = true
    private var jobs: [[UInt8]] = []

    /// The number of jobs, of 1,000, of which the process dies.
    var deathRate = 0

    /// Receives jobs and replies to one of them. Returns false if there was none.
    mutating func act(using random: inout SeededGenerator) -> Bool {
        guard isAlive else { return false }
        receive()
        guard !jobs.isEmpty else { return false }
        if random.below(1000) < deathRate {
            isAlive = false
            fake_helper_end()
            return true
        }
        if random.once(in: 30) {
            // Another process takes its place; the jobs that it had are lost.
            jobs = []
            reply(HelperProtocol.replacement)
            return true
        }
        let job = jobs.remove(at: random.below(jobs.count))
        guard let (number, kind, end) = HelperProtocol.head(of: job.span) else { return true }
        let fails = random.once(in: 40)
        switch kind {
        case .read where !fails: reply(HelperProtocol.message(number, .read))
        case .compressBytes where !fails:
            let compressed = Gzip.compressed(Array(job[end...]))
            reply(HelperProtocol.message(number, .compressBytes, compressed))
        default: reply(HelperProtocol.message(number, .failed))
        }
        return true
    }

    private mutating func receive() {
        while true {
            var file = fake_file()
            var count = 0
            let message = unsafe [UInt8](unsafeUninitializedCapacity: 20_000) { memory, filled in
                count = unsafe fake_helper_receive(memory.baseAddress, memory.count, &file)
                filled = max(0, count)
            }
            guard count >= 0 else { return }
            jobs.append(message)
        }
    }

    private func reply(_ message: [UInt8]) {
        _ = unsafe message.withUnsafeBytes { unsafe fake_helper_send($0.baseAddress, $0.count) }
    }
}
