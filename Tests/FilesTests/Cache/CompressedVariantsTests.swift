import Files
import Glibc
import Linux
import Testing

/// A compressed variant lives as long as that version of the file, within the cache's bounds.
@Suite struct CompressedVariantTests {
    private typealias Site = FileCacheTests.Site

    private func site(_ text: String, bytes: Int64 = 1 << 20) throws -> (Site, FoundFile) {
        let site = try Site(bytes: bytes)
        site.write("a", text)
        return (site, site.kept("a"))
    }

    private let large = String(repeating: "x", count: 100)

    private func sealed(_ count: Int) throws -> CompressedBody {
        let file = try openMemoryFile(named: "apus-test")
        #expect(writeBytes(file.number, [UInt8](repeating: 9, count: count), at: 0))
        return .file(SealedFile(owning: file.detach()), count: Int64(count))
    }

    @Test func compressionIsRequestedOnce() throws {
        let (site, found) = try site("plain")
        #expect(site.variant(found) == nil)
        #expect(site.takeToCode(found) == .bytes(Array("plain".utf8)))
        #expect(site.takeToCode(found) == nil)
        site.adopt(.bytes([1, 2, 3]), found)
        #expect(site.takeToCode(found) == nil)
        let variant = try #require(site.variant(found))
        #expect(variant.fileStatus.size == 3)
        #expect(variant.fileStatus.modified == found.fileStatus.modified)
        #expect(site.bytes(variant) == [1, 2, 3])
        #expect(site.isCurrent(variant, site.generation(of: variant)))
        #expect(site.text("a") == "plain")
    }

    @Test func largeVariantIsDescriptor() throws {
        let (site, found) = try site(large)
        #expect(site.takeToCode(found) == .file(site.descriptor(of: found)))
        site.adopt(try sealed(80), found)
        let variant = try #require(site.variant(found))
        #expect(!site.hasBytes(variant))
        #expect(readBytes(site.descriptor(of: variant), atMost: 100).count == 80)
        // It is closed when descriptors are needed, though no file system waits for it.
        #expect(site.closeDescriptors(nowMs: 5000) == 1)
        #expect(site.closeDueMs == Int64.max)
        #expect(site.isReady(variant))
        // Its file is opened again on request, and is still the same.
        #expect(site.find("a").entry == found.entry)
        #expect(site.variant(found)?.entry == variant.entry)
        #expect(site.closeAll() == 2)
        #expect(site.variant(found) == nil)
        #expect(site.takeToCode(site.find("a")) != nil)
    }

    @Test func variantIsDroppedWithItsVersion() throws {
        let (site, found) = try site("plain")
        _ = site.takeToCode(found)
        site.adopt(.bytes([1]), found)
        let variant = try #require(site.variant(found))
        let generation = site.generation(of: variant)
        site.write("a", "other")
        site.cache.processChanges()
        #expect(!site.isCurrent(variant, generation))
        let next = site.find("a")
        #expect(site.variant(next) == nil)
        #expect(!site.isCurrent(variant, generation))
        #expect(site.takeToCode(next) == .bytes(Array("other".utf8)))
        site.adopt(nil, next)
        unsafe unlink(site.path("a"))
        #expect(site.text("a") == "error \(ENOENT)")
    }

    @Test func lateVariantIsDropped() throws {
        let (site, found) = try site("plain")
        _ = site.takeToCode(found)
        let generation = site.generation(of: found)
        site.write("a", "other")
        site.cache.processChanges()
        // A change that is processed before the entry is looked up again, and after.
        site.cache.adopt(.bytes([1]), for: found.entry, generation, nowMs: 0)
        #expect(site.variant(found) == nil)
        let next = site.find("a")
        #expect(site.takeToCode(next) != nil)
        let nextGeneration = site.generation(of: next)
        site.write("a", "third")
        #expect(site.text("a") == "third")
        site.cache.adopt(.bytes([1]), for: next.entry, nextGeneration, nowMs: 0)
        #expect(site.variant(site.find("a")) == nil)
    }

    @Test func newEpochKeepsVariant() throws {
        let (site, found) = try site("plain")
        _ = site.takeToCode(found)
        site.adopt(.bytes([1]), found)
        let variant = try #require(site.variant(found))
        let generation = site.generation(of: variant)
        site.cache.mountsChanged()
        #expect(!site.isCurrent(variant, generation))
        #expect(site.find("a").entry == found.entry)
        #expect(site.variant(found)?.entry == variant.entry)
        #expect(site.isCurrent(variant, generation))
    }

    @Test func failedCompressionIsNotRepeated() throws {
        let (site, found) = try site("plain")
        #expect(site.mayBecomeCompressed(found))
        _ = site.takeToCode(found)
        site.adopt(nil, found)
        #expect(!site.mayBecomeCompressed(found))
        #expect(site.takeToCode(found) == nil)
    }

    @Test func abandonedCompressionIsRequestedAgain() throws {
        let (site, found) = try site("plain")
        _ = site.takeToCode(found)
        site.cache.abandonCompression(found.entry, site.generation(of: found), nowMs: 0)
        #expect(site.takeToCode(found) != nil)
    }

    @Test func variantInUseIsKept() throws {
        let (site, found) = try site(large)
        _ = site.takeToCode(found)
        site.adopt(try sealed(80), found)
        let variant = try #require(site.variant(found))
        site.cache.pin(variant.entry, nowMs: 0)
        unsafe unlink(site.path("a"))
        #expect(site.text("a") == "error \(ENOENT)")
        let number = site.descriptor(of: variant)
        #expect(readBytes(number, atMost: 100).count == 80)
        site.cache.unpin(variant.entry, nowMs: 0)
        #expect(fcntl(number, F_GETFD) == -1)
    }

    @Test func variantCountsInCacheSize() throws {
        let (site, found) = try site("plain", bytes: 4000)
        let before = site.byteCount
        _ = site.takeToCode(found)
        site.adopt(.bytes([UInt8](repeating: 1, count: 500)), found)
        // The entry itself uses some memory.
        #expect((before + 501...before + 1000).contains(site.byteCount))
        // A variant larger than a quarter of the cache is not cached.
        site.write("b", "plain")
        let other = site.kept("b")
        _ = site.takeToCode(other)
        site.adopt(.bytes([UInt8](repeating: 1, count: 1001)), other)
        #expect(site.variant(other) == nil)
        site.cache.close()
        #expect(site.byteCount == 0)
    }

    @Test func originalAndVariantAreEvictedTogether() throws {
        let site = try Site(bytes: 4000, entries: 200)
        for index in 0..<100 { site.directory.file("f\(index)", size: 60, modified: 1) }
        site.age()
        for round in 0..<8 {
            for index in 0..<100 {
                let found = site.find("f\(index)")
                site.drop(found)
                guard found.isCached else { continue }
                if site.takeToCode(found) != nil {
                    site.adopt(.bytes([UInt8](repeating: UInt8(round), count: 50)), found)
                }
                #expect(site.byteCount <= 4000)
            }
        }
        site.cache.close()
        #expect(site.byteCount == 0)
    }

    @Test func usedVariantKeepsOriginal() throws {
        let site = try Site(bytes: 1 << 20, entries: 8)
        site.write("a", "plain")
        let found = site.kept("a")
        _ = site.takeToCode(found)
        site.adopt(.bytes([1]), found)
        let variant = try #require(site.variant(found))
        let generation = site.generation(of: variant)
        for index in 0..<40 {
            _ = site.kept("none\(index)")
            #expect(site.isCurrent(variant, generation), "\(index)")
        }
    }
}

extension FileCacheTests.Site {
    func variant(_ found: FoundFile) -> FoundFile? { cache.variant(of: found.entry, nowMs: 0) }
    func takeToCode(_ found: FoundFile) -> FileCache.CompressionSource? {
        cache.beginCompression(found.entry, nowMs: 0)
    }
    func isReady(_ found: FoundFile) -> Bool { cache.isReady(found.entry) }
    func descriptor(of found: FoundFile) -> Int32 { cache.descriptor(of: found.entry) }
    func mayBecomeCompressed(_ found: FoundFile) -> Bool { cache.mayGetVariant(found.entry) }
    func closeAll() -> Int { cache.closeDescriptors(nowMs: 5000, all: true) }
    func adopt(_ body: CompressedBody?, _ found: FoundFile) {
        cache.adopt(body, for: found.entry, generation(of: found), nowMs: 0)
    }
    func bytes(_ found: FoundFile) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(cache.size(of: found.entry)))
        unsafe bytes.withUnsafeMutableBytes { unsafe cache.copy(found.entry, into: $0) }
        return bytes
    }
}

@Suite struct CompressedBodyCacheTests {
    private func body(_ count: Int) -> CompressedBody {
        .bytes([UInt8](repeating: 1, count: count))
    }

    @Test func storedBodyIsFound() {
        var memory = CompressedBodyCache(bytes: 100)
        memory.store([1], body(60))
        #expect(memory.body(of: [1])?.count == 60)
        #expect(memory.body(of: [2]) == nil)
        #expect(memory.byteCount == 60)
        memory.store([1], body(30))
        #expect(memory.body(of: [1])?.count == 60)
        #expect(memory.byteCount == 60)
    }

    @Test func leastRecentlyUsedBodyIsEvicted() {
        var memory = CompressedBodyCache(bytes: 100)
        for number in 1...3 { memory.store([UInt8(number)], body(30)) }
        #expect(memory.body(of: [1]) != nil)
        memory.store([4], body(40))
        #expect(memory.body(of: [2]) == nil)
        #expect(memory.body(of: [1]) != nil && memory.body(of: [3]) != nil)
        #expect(memory.byteCount == 100)
        memory.store([5], body(101))
        #expect(memory.body(of: [5]) == nil)
        #expect(memory.byteCount == 100)
    }

    @Test func numberOfBodiesIsBounded() {
        var memory = CompressedBodyCache(bytes: 1 << 20)
        for number in 0..<2000 {
            memory.store([UInt8(number & 255), UInt8(number >> 8)], body(1))
        }
        #expect(memory.byteCount == 512)
    }
}

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
