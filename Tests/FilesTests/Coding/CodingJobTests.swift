import Files
import Glibc
import Linux
import Testing

@Suite struct CodingJobTests {
    /// What a job comes to, and how often it was digested on the way.
    private struct Outcome {
        var body: CodedBody?
        var digests: [[UInt8]] = []
        var steps = 0

        init(_ job: CodingJob) {
            while true {
                steps += 1
                switch job.step() {
                case .goesOn: continue
                case .isDigested: digests.append(job.digest)
                case .isCoded(let coded):
                    body = coded
                    digests.append(job.digest)
                    return
                case .failed: return
                }
            }
        }

        /// What came of it, unpacked.
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
    func bytesAndFilesComeToTheSame(count: Int) throws {
        let plain = GzipTests.sample(count)
        let ofBytes = Outcome(CodingJob(.bytes(plain)))
        let ofFile = Outcome(CodingJob(.file(try file(plain), count: Int64(count))))
        #expect(ofBytes.plain == plain)
        #expect(ofFile.plain == plain)
        #expect(ofBytes.digests.count == 1)
        // What is known before is what is known after.
        #expect(ofFile.digests == [ofBytes.digests[0], ofBytes.digests[0]])
        #expect(ofBytes.digests[0].count == 32)
    }

    @Test func aLongFileTakesManySteps() throws {
        let plain = GzipTests.sample(1_000_000)
        let outcome = Outcome(CodingJob(.file(try file(plain), count: 1_000_000)))
        #expect(outcome.steps == 32)
    }

    @Test func aLongBodyIsASealedFile() throws {
        let outcome = Outcome(CodingJob(.bytes(GzipTests.sample(300_000))))
        guard case .file(let file, let count)? = outcome.body else {
            Issue.record("\(String(describing: outcome.body))")
            return
        }
        #expect(count > Int64(CodedBody.longestBytes))
        #expect(!writeBytes(file.number, [1], at: 0))
        #expect(ftruncate(file.number, 0) == -1)
        #expect(errno == EPERM)
    }

    @Test func aShortBodyIsBytes() {
        guard case .bytes(let bytes)? = Outcome(CodingJob(.bytes([1, 2, 3]))).body else {
            Issue.record("no bytes")
            return
        }
        #expect(GzipTests.inflated(bytes) == [1, 2, 3])
    }

    @Test func aFileThatBecomesShorterComesToNothing() throws {
        let job = CodingJob(.file(try file(GzipTests.sample(1000)), count: 100_000))
        #expect(Outcome(job).body == nil)
    }

    @Test func whatIsTooLongComesToNothing() throws {
        let job = CodingJob(.file(try file([]), count: CodingJob.longest + 1))
        let outcome = Outcome(job)
        #expect(outcome.body == nil)
        #expect(outcome.steps == 1)
    }

    /// What is found again by the digest is what was compressed, not what was read before.
    @Test func aFileThatChangesBetweenIsKnownAsWhatItBecame() throws {
        let (before, after) = (GzipTests.sample(1000), [UInt8](repeating: 7, count: 1000))
        let file = try file(before)
        let number = dup(file.number)
        defer { close(number) }
        let job = CodingJob(.file(file, count: 1000))
        guard case .isDigested = job.step() else {
            Issue.record("no digest")
            return
        }
        let first = job.digest
        #expect(writeBytes(number, after, at: 0))
        let outcome = Outcome(job)
        #expect(outcome.plain == after)
        #expect(outcome.digests == [Outcome(CodingJob(.bytes(after))).digests[0]])
        #expect(outcome.digests[0] != first)
    }
}
