import Foundation
import Glibc
import Linux
import Testing

@testable import Server

@Suite struct LogFileCacheTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func path(_ name: String) -> [UInt8] { Array("\(directory.path)/\(name)".utf8) }

    private func kept(
        _ cache: inout LogFileCache, _ name: String, at nowMs: Int64
    ) throws -> Int32? {
        let file = try cache.file(path(name), nowMs: nowMs).get()
        if !file.isCached { close(file.descriptor) }
        return file.isCached ? file.descriptor : nil
    }

    @Test func usedFileStaysOpen() throws {
        var cache = LogFileCache(LogFileCacheSettings(max: 2, inactiveMs: 5000))
        defer { cache.closeAll() }
        let first = try #require(try kept(&cache, "a", at: 0))
        #expect(try kept(&cache, "a", at: 4000) == first)
        #expect(try kept(&cache, "a", at: 8999) == first)
        // Another name does not replace it until the first one was unused for long enough.
        _ = try kept(&cache, "b", at: 10_000)
        #expect(cache.count == 2)
        _ = try kept(&cache, "b", at: 14_000)
        #expect(cache.count == 1)
    }

    @Test func fileIsCachedAfterMinUses() throws {
        var cache = LogFileCache(LogFileCacheSettings(max: 2, minUses: 3))
        defer { cache.closeAll() }
        #expect(try kept(&cache, "a", at: 0) == nil)
        #expect(try kept(&cache, "a", at: 1) == nil)
        #expect(try kept(&cache, "a", at: 2) != nil)
    }

    @Test func leastRecentlyUsedFileIsClosed() throws {
        var cache = LogFileCache(LogFileCacheSettings(max: 2))
        defer { cache.closeAll() }
        // All within one millisecond.
        let first = try #require(try kept(&cache, "a", at: 0))
        _ = try kept(&cache, "b", at: 0)
        #expect(try kept(&cache, "a", at: 0) == first)
        _ = try kept(&cache, "c", at: 0)
        #expect(cache.count == 2)
        #expect(try kept(&cache, "a", at: 0) == first)
    }

    @Test func nameIsCheckedAgain() throws {
        var cache = LogFileCache(
            LogFileCacheSettings(max: 2, inactiveMs: 100_000, validMs: 1000))
        defer { cache.closeAll() }
        let first = try #require(try kept(&cache, "a", at: 0))
        let inode = try fileStatus(of: first).get().inode
        let name = directory.path + "/a"
        #expect(unsafe rename(name, name + ".1") == 0)
        #expect(try kept(&cache, "a", at: 999) == first)
        let second = try #require(try kept(&cache, "a", at: 1000))
        #expect(try fileStatus(of: second).get().inode != inode)
        #expect(unsafe access(name, F_OK) == 0)
    }

    @Test func failedOpenIsNotCached() throws {
        var cache = LogFileCache(LogFileCacheSettings(max: 2))
        #expect(throws: FileError(code: ENOENT)) {
            _ = try cache.file(self.path("none/a"), nowMs: 0).get()
        }
        #expect(cache.count == 0)
    }

    @Test func fifoWithoutReaderDoesNotBlock() throws {
        #expect(unsafe mkfifo(directory.path + "/pipe", 0o600) == 0)
        #expect(throws: FileError(code: ENXIO)) {
            _ = try LogFileCache.open(self.path("pipe")).get()
        }
    }

    @Test func rootMustBeDirectory() throws {
        #expect(LogFileCache.directoryFault(Array(directory.path.utf8)) == nil)
        #expect(LogFileCache.directoryFault([]) == nil)
        #expect(LogFileCache.directoryFault(path("none")) == ENOENT)
        #expect(LogFileCache.directoryFault(Array("/dev/null".utf8)) == ENOTDIR)
    }
}
