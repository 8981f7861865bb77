import Files
import Glibc
import Linux
import Testing

@Suite struct CompressionJobTests {
    /// The result of a job, and the digests computed on the way.
    private struct Outcome {
        var body: CompressedBody?
        var digests: [[UInt8]] = []
        var steps = 0

        init(_ job: CompressionJob) {
            while true {
                steps += 1
                switch job.step() {
                case .inProgress: continue
                case .digested: digests.append(job.digest)
                case .compressed(let compressed):
                    body = compressed
                    digests.append(job.digest)
                    return
                case .failed: return
                }
            }
        }

        /// The decompressed result.
        var plain: [UInt8]? {
            switch body {
            case nil: nil
            case .bytes(let bytes): GzipTests.inflated(bytes)
            case .file(let file, let count):
                GzipTests.inflated(readBytes(file.number, atMost: Int(count)))
            }
        }
    }

    private func file(_ bytes: [UInt8]) throws -> Descriptor {
        let file = try openMemoryFile(named: "apus-test")
        #expect(writeBytes(file.number, bytes, at: 0))
        return file
    }

    @Test(arguments: [1, 100, 16_384, 65_536, 65_537, 300_000])
    func bytesAndFilesCompressEqually(count: Int) throws {
        let plain = GzipTests.sample(count)
        let ofBytes = Outcome(CompressionJob(.bytes(plain)))
        let ofFile = Outcome(CompressionJob(.file(try file(plain), count: Int64(count))))
        #expect(ofBytes.plain == plain)
        #expect(ofFile.plain == plain)
        #expect(ofBytes.digests.count == 1)
        // The digest before compression equals the one after it.
        #expect(ofFile.digests == [ofBytes.digests[0], ofBytes.digests[0]])
        #expect(ofBytes.digests[0].count == 32)
    }

    @Test func longFileTakesManySteps() throws {
        let plain = GzipTests.sample(1_000_000)
        let outcome = Outcome(CompressionJob(.file(try file(plain), count: 1_000_000)))
        #expect(outcome.steps == 32)
    }

    @Test func longBodyIsSealedFile() throws {
        let outcome = Outcome(CompressionJob(.bytes(GzipTests.sample(300_000))))
        guard case .file(let file, let count)? = outcome.body else {
            Issue.record("\(String(describing: outcome.body))")
            return
        }
        #expect(count > Int64(CompressedBody.maxInlineBytes))
        #expect(!writeBytes(file.number, [1], at: 0))
        #expect(ftruncate(file.number, 0) == -1)
        #expect(errno == EPERM)
    }

    @Test func shortBodyIsBytes() {
        guard case .bytes(let bytes)? = Outcome(CompressionJob(.bytes([1, 2, 3]))).body else {
            Issue.record("no bytes")
            return
        }
        #expect(GzipTests.inflated(bytes) == [1, 2, 3])
    }

    @Test func truncatedFileFails() throws {
        let job = CompressionJob(.file(try file(GzipTests.sample(1000)), count: 100_000))
        #expect(Outcome(job).body == nil)
    }

    @Test func tooLongFileFails() throws {
        let job = CompressionJob(.file(try file([]), count: CompressionJob.maxFileSize + 1))
        let outcome = Outcome(job)
        #expect(outcome.body == nil)
        #expect(outcome.steps == 1)
    }

    /// The digest is that of the compressed bytes, not of bytes read earlier.
    @Test func digestIsOfCompressedBytes() throws {
        let (before, after) = (GzipTests.sample(1000), [UInt8](repeating: 7, count: 1000))
        let file = try file(before)
        let number = dup(file.number)
        defer { close(number) }
        let job = CompressionJob(.file(file, count: 1000))
        guard case .digested = job.step() else {
            Issue.record("no digest")
            return
        }
        let first = job.digest
        #expect(writeBytes(number, after, at: 0))
        let outcome = Outcome(job)
        #expect(outcome.plain == after)
        #expect(outcome.digests == [Outcome(CompressionJob(.bytes(after))).digests[0]])
        #expect(outcome.digests[0] != first)
    }
}
