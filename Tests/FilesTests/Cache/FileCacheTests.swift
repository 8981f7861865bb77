import Files
import Glibc
import Linux
import Testing

/// The cache's view of a directory that changes. Files are made old enough to be cached.
@Suite struct FileCacheTests {
    /// A cache, and a directory with files that can be changed.
    final class Site {
        let directory = TemporaryDirectory()
        var cache: FileCache

        init(
            bytes: Int64 = 1 << 20, entries: Int = 100, largestFile: Int64 = 64,
            inactiveMs: Int64 = 0
        ) throws {
            var bounds = CacheBounds(bytes: bytes, entries: entries, largestFile: largestFile)
            bounds.inactiveMs = inactiveMs
            cache = FileCache(
                bounds, feed: try ChangeFeed(isQuiet: true), seed: 42)
        }

        func path(_ name: String) -> String { directory.path + "/" + name }

        func write(_ name: String, _ text: String) {
            let file = unsafe fopen(path(name), "w")
            #expect(unsafe file != nil)
            unsafe fputs(text, file)
            unsafe fclose(file)
            age()
        }

        /// Waits until recent changes are old enough to be cached.
        func age() {
            let start = Clock.monotonicMs()
            while Clock.monotonicMs() < start &+ 30 { sched_yield() }
        }

        func find(_ name: String, links: LinkRule = .follow, nowMs: Int64 = 0) -> FoundFile {
            let path = path(name)
            let root = directory.path.utf8.count
            return unsafe path.withCString {
                unsafe cache.find(
                    CPath(unsafe: $0), count: path.utf8.count, links: links, rootCount: root,
                    nowMs: nowMs)
            }
        }

        /// Looks a name up until it is cached.
        func kept(_ name: String) -> FoundFile {
            drop(find(name))
            return find(name)
        }

        // A class, since the cache cannot be copied, and expectations copy their operands.
        var epoch: UInt64 { cache.epoch }
        var byteCount: Int64 { cache.byteCount }
        var closeDueMs: Int64 { cache.closeDueMs }
        var sweepDueMs: Int64 { cache.sweepDueMs }
        func generation(of found: FoundFile) -> UInt32 { cache[found.entry].generation }
        func hasBytes(_ found: FoundFile) -> Bool { cache.hasBytes(found.entry) }
        func isCurrent(_ found: FoundFile, _ generation: UInt32) -> Bool {
            cache.isCurrent(found.entry, generation)
        }
        func closeDescriptors(nowMs: Int64) -> Int { cache.closeDescriptors(nowMs: nowMs) }

        func drop(_ found: FoundFile) {
            if found.descriptor >= 0 { closeDescriptor(found.descriptor) }
        }

        /// Returns the bytes that a request would get, after changes were processed.
        func text(_ name: String) -> String {
            cache.processChanges()
            let found = find(name)
            defer { drop(found) }
            guard found.error == 0 else { return "error \(found.error)" }
            guard found.isCached, cache.hasBytes(found.entry) else {
                let number = found.isCached ? cache.descriptor(of: found.entry) : found.descriptor
                var bytes = [UInt8](repeating: 0, count: Int(found.fileStatus.size))
                let result = unsafe bytes.withUnsafeMutableBytes {
                    unsafe readFile(number, at: 0, into: $0)
                }
                #expect(result == .bytes(bytes.count))
                return String(decoding: bytes, as: UTF8.self)
            }
            return kept(found)
        }

        /// Returns the bytes of an entry that has them.
        func kept(_ found: FoundFile) -> String {
            var bytes = [UInt8](repeating: 0, count: Int(cache.size(of: found.entry)))
            unsafe bytes.withUnsafeMutableBytes { unsafe cache.copy(found.entry, into: $0) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test func fileIsCachedAtSecondRequest() throws {
        let site = try Site()
        site.write("a", "one")
        let first = site.find("a")
        #expect(!first.isCached)
        site.drop(first)
        let second = site.find("a")
        #expect(second.isCached && site.hasBytes(second))
        #expect(site.find("a").entry == second.entry)
        #expect(site.text("a") == "one")
    }

    @Test func recentlyModifiedFileIsNotCached() throws {
        let site = try Site()
        site.write("a", "one")
        site.drop(site.find("a"))
        // On a busy machine the file may become old enough in between.
        for _ in 0..<1000 {
            let start = Clock.monotonicMs()
            let file = unsafe fopen(site.path("a"), "w")
            unsafe fclose(file)
            site.cache.processChanges()
            let found = site.find("a")
            site.drop(found)
            guard Clock.monotonicMs() &- start >= 10 else {
                #expect(!found.isCached)
                return
            }
        }
        Issue.record("this machine is too slow")
    }

    @Test func everyKindOfChangeIsSeen() throws {
        let site = try Site()
        site.write("a", "one")
        _ = site.kept("a")
        #expect(site.text("a") == "one")
        site.write("a", "two")
        #expect(site.text("a") == "two")
        site.write("b", "new")
        #expect(unsafe rename(site.path("b"), site.path("a")) == 0)
        #expect(site.text("a") == "new")
        #expect(unsafe unlink(site.path("a")) == 0)
        #expect(site.text("a") == "error \(ENOENT)")
        site.write("a", "again")
        #expect(site.text("a") == "again")
    }

    @Test func missingFileIsCachedUntilCreated() throws {
        let site = try Site()
        #expect(site.kept("none").isCached)
        #expect(site.text("none") == "error \(ENOENT)")
        site.write("none", "here")
        #expect(site.text("none") == "here")
        #expect(site.kept("no/where").isCached)
        site.directory.directory("no")
        site.write("no/where", "deep")
        #expect(site.text("no/where") == "deep")
        unsafe unlink(site.path("no/where"))
        unsafe rmdir(site.path("no"))
    }

    @Test func linksAreFollowedAndWatched() throws {
        let site = try Site()
        site.directory.directory("r1")
        site.directory.directory("r2")
        site.write("r1/a", "old")
        site.write("r2/a", "new")
        site.directory.link("current", to: "r1")
        _ = site.kept("current/a")
        #expect(site.text("current/a") == "old")
        site.directory.link("next", to: "r2")
        #expect(unsafe rename(site.path("next"), site.path("current")) == 0)
        #expect(site.text("current/a") == "new")
        for name in ["r1/a", "r2/a"] { unsafe unlink(site.path(name)) }
    }

    @Test func unrelatedNameInvalidatesNothing() throws {
        let site = try Site()
        site.write("a", "one")
        let found = site.kept("a")
        let generation = site.generation(of: found)
        site.cache.processChanges()
        let epoch = site.epoch
        site.write("other", "two")
        site.cache.processChanges()
        #expect(site.epoch == epoch)
        #expect(site.isCurrent(found, generation))
        site.write("a", "two")
        site.cache.processChanges()
        #expect(!site.isCurrent(found, generation))
    }

    @Test func newEpochKeepsBytes() throws {
        let site = try Site()
        site.write("a", "one")
        let found = site.kept("a")
        let generation = site.generation(of: found)
        site.cache.mountsChanged()
        #expect(!site.isCurrent(found, generation))
        #expect(site.find("a").entry == found.entry)
        #expect(site.isCurrent(found, generation))
    }

    @Test func largeFileDescriptorIsClosedWhenIdle() throws {
        let site = try Site()
        site.write("large", String(repeating: "x", count: 100))
        let found = site.kept("large")
        #expect(found.isCached && !site.hasBytes(found))
        let number = site.cache.descriptor(of: found.entry)
        #expect(number >= 0)
        site.cache.pin(found.entry, nowMs: 0)
        #expect(site.closeDescriptors(nowMs: 5000) == 0, "it is in use")
        site.cache.unpin(found.entry, nowMs: 5000)
        #expect(site.closeDescriptors(nowMs: 5500) == 0, "it was used lately")
        #expect(site.closeDescriptors(nowMs: 6000) == 1)
        #expect(site.closeDueMs == Int64.max)
        #expect(site.text("large").utf8.count == 100)
    }

    @Test func unusedEntryIsDropped() throws {
        let site = try Site(entries: 2000, inactiveMs: 1000)
        #expect(site.sweepDueMs == Int64.max)
        for index in 0..<600 { _ = site.kept("none\(index)") }
        #expect(site.sweepDueMs == 1000)
        let used = site.find("none599")
        let generation = site.generation(of: used)
        let bytes = site.byteCount
        // A sweep covers a part of the table at a time.
        site.cache.sweep(nowMs: 1000)
        #expect(site.sweepDueMs == 1000)
        #expect(site.byteCount > 0 && site.byteCount < bytes)
        site.cache.sweep(nowMs: 1000)
        #expect(site.sweepDueMs == 2000)
        #expect(site.isCurrent(used, generation))
        for now in stride(from: 2000, through: 2600, by: 100) as StrideThrough<Int64> {
            site.cache.sweep(nowMs: now)
        }
        // It was used between the two sweeps.
        #expect(site.isCurrent(used, generation))
        for now in stride(from: 4000, through: 9000, by: 1000) as StrideThrough<Int64> {
            site.cache.sweep(nowMs: now)
        }
        #expect(site.byteCount == 0)
    }

    @Test func pinnedEntryStaysUnchanged() throws {
        let site = try Site()
        site.write("a", "one")
        let found = site.kept("a")
        site.cache.pin(found.entry, nowMs: 0)
        site.write("a", "two")
        #expect(site.text("a") == "two")
        #expect(site.kept(found) == "one")
        site.cache.unpin(found.entry, nowMs: 0)
    }

    @Test func crawlDoesNotEvictUsedFiles() throws {
        let site = try Site(entries: 20)
        for index in 0..<10 { site.write("hot\(index)", "h") }
        for _ in 0..<5 { for index in 0..<10 { site.drop(site.find("hot\(index)")) } }
        for index in 0..<500 {
            let found = site.find("cold\(index)")
            #expect(!found.isCached)
        }
        for index in 0..<10 { #expect(site.find("hot\(index)").isCached) }
    }

    @Test func cacheStaysWithinBounds() throws {
        let site = try Site(bytes: 4000, entries: 200)
        for index in 0..<100 { site.directory.file("f\(index)", size: 60, modified: 1) }
        site.age()
        for _ in 0..<8 {
            for index in 0..<100 { site.drop(site.find("f\(index)")) }
            #expect(site.byteCount <= 4000)
        }
        #expect(site.byteCount > 1000)
    }

    // MARK: directories on the way

    /// Names below a missing directory create no entry and no watch.
    @Test func namesBelowMissingDirectoryUseNoMemory() throws {
        let site = try Site(entries: 1000)
        let shallow = try Site(entries: 1000)
        let deep = "none" + String(repeating: "/a", count: 1000)
        #expect(site.kept(deep).isCached)
        #expect(shallow.kept("none").isCached)
        let more = deep.utf8.count - "none".utf8.count
        #expect(site.byteCount <= shallow.byteCount + Int64(more) + 64)
        // That it is created later is noticed all the same.
        site.directory.directory("none")
        #expect(site.text(deep) == "error \(ENOENT)")
        unsafe rmdir(site.path("none"))
        site.write("none", "a file")
        #expect(site.text(deep) == "error \(ENOTDIR)")
    }

    /// Requests for missing names do not evict entries that others use.
    @Test func missingNamesDoNotEvictUsedFiles() throws {
        let site = try Site(bytes: 40_000, entries: 64)
        site.write("hot", "used")
        let hot = site.kept("hot")
        let generation = site.generation(of: hot)
        for index in 0..<2000 {
            _ = site.kept("none\(index)/" + String(repeating: "b/", count: 500))
            #expect(site.byteCount <= 40_000)
            #expect(site.find("hot").entry == hot.entry)
        }
        #expect(site.isCurrent(hot, generation))
    }

    @Test func unusedDirectoriesAreEvicted() throws {
        let site = try Site(bytes: 24_000, entries: 200)
        for index in 0..<100 {
            site.directory.directory("d\(index)")
            site.write("d\(index)/a", "x")
        }
        for _ in 0..<3 {
            for index in 0..<100 {
                #expect(site.text("d\(index)/a") == "x")
                #expect(site.byteCount <= 24_000)
            }
        }
        // The remaining entries are watched.
        for index in 0..<100 {
            site.write("d\(index)/b", "y")
            #expect(unsafe rename(site.path("d\(index)/b"), site.path("d\(index)/a")) == 0)
            #expect(site.text("d\(index)/a") == "y")
        }
        for index in 0..<100 { unsafe unlink(site.path("d\(index)/a")) }
    }

    @Test func linkChainsAreWatchedCompletely() throws {
        let site = try Site()
        site.directory.directory("x")
        site.directory.directory("x/y")
        site.write("x/y/a", "old")
        site.write("a", "above")
        site.directory.link("first", to: "x/../second")
        site.directory.link("second", to: "x/y/../y")
        site.directory.link("file", to: "first/../../a")
        _ = site.kept("first/a")
        #expect(site.text("first/a") == "old")
        #expect(site.text("file") == "above")
        site.write("a", "changed")
        #expect(site.text("file") == "changed")
        // The link in the middle changes its target.
        site.directory.directory("z")
        site.write("z/a", "new")
        site.directory.link("next", to: "z")
        #expect(unsafe rename(site.path("next"), site.path("second")) == 0)
        #expect(site.text("first/a") == "new")
        // The link now points outside the directory.
        #expect(site.text("file") != "changed")
        unsafe unlink(site.path("second"))
        #expect(site.text("first/a") == "error \(ENOENT)")
        for name in ["x/y/a", "z/a", "first", "file"] { unsafe unlink(site.path(name)) }
    }

    @Test func linkLoopsAreDetected() throws {
        let site = try Site()
        site.directory.link("loop", to: "loop")
        site.directory.link("here", to: ".")
        site.write("a", "one")
        #expect(site.kept("loop/a").error == ELOOP)
        let many = String(repeating: "here/", count: 300) + "a"
        #expect(site.kept(many).error == ELOOP)
        #expect(site.text(String(repeating: "here/", count: 30) + "a") == "one")
        #expect(site.byteCount < 100_000)
        for name in ["loop", "here"] { unsafe unlink(site.path(name)) }
    }

    @Test func allIdleDescriptorsAreClosed() throws {
        let site = try Site(entries: 400)
        let names = (0..<100).map { "large\($0)" }
        for name in names { site.directory.file(name, size: 100, modified: 1) }
        site.age()
        for name in names { #expect(site.kept(name).isCached) }
        let used = site.find("large50")
        site.cache.pin(used.entry, nowMs: 0)
        #expect(site.closeDescriptors(nowMs: 5000) == 99)
        site.cache.unpin(used.entry, nowMs: 5000)
        #expect(site.closeDescriptors(nowMs: 10_000) == 1)
        #expect(site.closeDescriptors(nowMs: 20_000) == 0)
    }

    @Test func nothingIsCachedWithoutFeed() {
        let directory = TemporaryDirectory()
        directory.file("a", size: 1)
        var cache = FileCache(
            CacheBounds(bytes: 1 << 20, entries: 10, largestFile: 64), feed: nil, seed: 1)
        let path = directory.path + "/a"
        for _ in 0..<3 {
            let found = unsafe path.withCString {
                unsafe cache.find(CPath(unsafe: $0), count: path.utf8.count, nowMs: 0)
            }
            #expect(!found.isCached && found.error == 0)
            closeDescriptor(found.descriptor)
        }
    }
}
