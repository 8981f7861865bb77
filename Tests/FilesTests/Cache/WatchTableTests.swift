import Linux
import Testing

@testable import Files

/// The table of watches, with simulated changes.
@Suite struct WatchTableTests {
    /// A class, since the table cannot be copied, and expectations copy their operands.
    private final class Table {
        private var table: WatchTable

        init(count: Int) { table = WatchTable(count: count) }

        var epoch: UInt64 { table.epoch }
        var losses: UInt64 { table.losses }
        var count: Int { table.count }
        func version(of place: Int32) -> UInt32 { table.version(of: place) }
        func take(_ number: Int32, isDirectory: Bool) -> Int32? {
            table.addWatch(number, isDirectory: isDirectory)
        }
        func give(_ place: Int32) -> Int32? { table.releaseWatch(place) }
        func key(of name: UInt64, in place: Int32) -> UInt64 { table.key(of: name, in: place) }
        func depend(on key: UInt64) { table.addDependency(on: key) }
        func release(_ key: UInt64) { table.removeDependency(key) }
        func take(_ change: Change) { table.addWatch(change) }
        func reset() { table.reset() }
    }

    private let name = ChangeFeed.hash(ofName: Array("a.txt".utf8).span)

    @Test func fileChangeIncrementsVersion() throws {
        let table = Table(count: 4)
        let place = try #require(table.take(7, isDirectory: false))
        let version = table.version(of: place)
        let epoch = table.epoch
        table.take(Change(watch: 8))
        #expect(table.version(of: place) == version)
        table.take(Change(watch: 7))
        #expect(table.version(of: place) != version)
        #expect(table.epoch == epoch)
    }

    @Test func onlyDependedNamesBeginEpoch() throws {
        let table = Table(count: 4)
        let place = try #require(table.take(1, isDirectory: true))
        let other = ChangeFeed.hash(ofName: Array("other".utf8).span)
        let key = table.key(of: name, in: place)
        table.depend(on: key)
        table.depend(on: key)
        var epoch = table.epoch
        table.take(Change(watch: 1, name: other))
        #expect(table.epoch == epoch)
        for _ in 0..<2 {
            table.take(Change(watch: 1, name: name))
            #expect(table.epoch == epoch + 1)
            epoch = table.epoch
            table.release(key)
        }
        table.take(Change(watch: 1, name: name))
        #expect(table.epoch == epoch, "nothing depends on it any more")
    }

    @Test func removedDirectoryBeginsEpoch() throws {
        let table = Table(count: 4)
        _ = try #require(table.take(1, isDirectory: true))
        let epoch = table.epoch
        table.take(Change(watch: 1, isEnd: true))
        #expect(table.epoch == epoch + 1)
    }

    @Test func lostChangesAreCounted() {
        let table = Table(count: 4)
        table.take(Change(watch: -1))
        #expect(table.losses == 1)
        #expect(table.epoch == 2)
    }

    @Test func sharedWatchEndsWithLastReference() throws {
        let table = Table(count: 4)
        let place = try #require(table.take(3, isDirectory: false))
        #expect(table.take(3, isDirectory: false) == place)
        #expect(table.give(place) == nil)
        #expect(table.give(place) == 3)
        #expect(table.count == 0)
        // The next user of the slot has another version.
        let version = table.version(of: place)
        let next = try #require(table.take(4, isDirectory: false))
        #expect(next == place)
        #expect(table.version(of: next) != version)
    }

    @Test func removedWatchIsNotRemovedTwice() throws {
        let table = Table(count: 4)
        let place = try #require(table.take(3, isDirectory: false))
        table.take(Change(watch: 3, isEnd: true))
        #expect(table.give(place) == nil)
    }

    @Test func fullTableRefusesWatches() {
        let table = Table(count: 16)
        for number in 0..<16 { #expect(table.take(Int32(number), isDirectory: false) != nil) }
        #expect(table.take(99, isDirectory: false) == nil)
        table.reset()
        #expect(table.take(99, isDirectory: false) != nil)
    }
}
