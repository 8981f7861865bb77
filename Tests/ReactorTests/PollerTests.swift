import Foundation
import Linux
import Reactor
import Testing

@Suite struct PollerTests {
    private let token = Token(slot: 5, generation: 17)

    /// What a wait of at most a second brings.
    private func events(
        _ poller: borrowing Poller, timeoutMs: Int32 = 1000
    ) throws -> [Token: Readiness] {
        var found: [Token: Readiness] = [:]
        for index in 0..<(try poller.wait(timeoutMs: timeoutMs)) {
            let event = poller.event(at: index)
            #expect(found[event.token] == nil, "one event for each registration")
            found[event.token] = event.readiness
        }
        return found
    }

    @Test func nothingIsReportedOfWhatIsQuiet() throws {
        let poller = try Poller()
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.near, for: .readable, token: token)
        #expect(try events(poller, timeoutMs: 0).isEmpty)
    }

    @Test func bytesMakeReadableUntilTheyAreRead() throws {
        let poller = try Poller()
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.near, for: .readable, token: token)
        pipe.feed("hello")
        for _ in 0..<3 { #expect(try events(poller) == [token: .readable]) }
        #expect(pipe.drain() == 5)
        #expect(try events(poller, timeoutMs: 0).isEmpty)
    }

    @Test func roomMakesWritable() throws {
        let poller = try Poller()
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: .writable, token: token)
        #expect(try events(poller) == [token: .writable])
        sockets.fill()
        #expect(try events(poller, timeoutMs: 0).isEmpty)
        sockets.emptyFar()
        #expect(try events(poller) == [token: .writable])
    }

    @Test func theEndIsNoticedWithoutReading() throws {
        let poller = try Poller()
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: .endOfStream, token: token)
        sockets.feed("unread")
        #expect(try events(poller, timeoutMs: 0).isEmpty)
        shutdownSending(sockets.far)
        #expect(try events(poller) == [token: .hangUp])
    }

    @Test func bothDirectionsAreOneEvent() throws {
        let poller = try Poller()
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: [.readable, .writable], token: token)
        sockets.feed("x")
        #expect(try events(poller) == [token: [.readable, .writable]])
    }

    @Test func onlyWhatWasAskedForIsReported() throws {
        let poller = try Poller()
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: .readable, token: token)
        #expect(try events(poller, timeoutMs: 0).isEmpty)
        sockets.feed("x")
        #expect(try events(poller) == [token: .readable])
    }

    @Test func aClosedPeerIsAHangUpEvenForWhoAskedForNothing() throws {
        let poller = try Poller()
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: [], token: token)
        #expect(try events(poller, timeoutMs: 0).isEmpty)
        sockets.closeFar()
        #expect(try events(poller)[token]?.contains(.hangUp) == true)
    }

    @Test func theEndOfAStreamIsReadable() throws {
        let poller = try Poller()
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: .readable, token: token)
        #expect(shutdown(sockets.far, Int32(SHUT_WR)) == 0)
        // A half-close is no hang-up: the other direction is open.
        #expect(try events(poller) == [token: .readable])
        #expect(sockets.drain() == 0)
    }

    @Test func aPipeWithoutAReaderIsAHangUp() throws {
        let poller = try Poller()
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.far, for: .writable, token: token)
        pipe.closeNear()
        #expect(try events(poller)[token]?.contains(.hangUp) == true)
    }

    @Test func modifyingChangesWhatIsAskedAndTheToken() throws {
        let poller = try Poller()
        let sockets = try DescriptorPair.sockets()
        let other = Token(slot: 6, generation: 18)
        try poller.register(sockets.near, for: .readable, token: token)
        try poller.modify(sockets.near, for: .writable, token: other)
        sockets.feed("x")
        #expect(try events(poller) == [other: .writable])
        try poller.modify(sockets.near, for: .readable, token: token)
        #expect(try events(poller) == [token: .readable])
    }

    @Test func whatIsUnregisteredIsNotReported() throws {
        let poller = try Poller()
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.near, for: .readable, token: token)
        pipe.feed("x")
        poller.unregister(pipe.near)
        #expect(try events(poller, timeoutMs: 0).isEmpty)
        // And may be registered again.
        try poller.register(pipe.near, for: .readable, token: token)
        #expect(try events(poller) == [token: .readable])
    }

    @Test func whatIsClosedIsForgotten() throws {
        let poller = try Poller()
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.near, for: .readable, token: token)
        pipe.feed("x")
        pipe.closeNear()
        #expect(try events(poller, timeoutMs: 0).isEmpty)
    }

    /// Two connections are ready in one wait; handling the first one closes the second, and its
    /// slot gets a new user. The event that was fetched for the old one tells by its generation
    /// that it is nobody's.
    @Test func aStaleEventHasTheOldGeneration() throws {
        let poller = try Poller()
        let first = try DescriptorPair.sockets()
        let second = try DescriptorPair.sockets()
        var generations: [UInt32: UInt32] = [0: 1, 1: 1]
        try poller.register(first.near, for: .readable, token: Token(slot: 0, generation: 1))
        try poller.register(second.near, for: .readable, token: Token(slot: 1, generation: 1))
        first.feed("x")
        second.feed("x")
        let count = try poller.wait(timeoutMs: 1000)
        #expect(count == 2)
        second.closeNear()
        // Not forced upon the number that is free now: it may be another test's already.
        let third = try DescriptorPair.sockets()
        generations[1] = 2
        try poller.register(third.near, for: .readable, token: Token(slot: 1, generation: 2))
        let valid = (0..<count).map { poller.event(at: $0).token }
            .filter { generations[$0.slot] == $0.generation }
        #expect(valid == [Token(slot: 0, generation: 1)])
        third.feed("new")
        #expect(try events(poller)[Token(slot: 1, generation: 2)] == .readable)
    }

    @Test func manyDescriptorsAllComeToTheirTurn() throws {
        let poller = try Poller(capacity: 16)
        let pairs = try (0..<200).map { _ in try DescriptorPair.sockets() }
        for (index, pair) in pairs.enumerated() {
            try poller.register(
                pair.near, for: .readable, token: Token(slot: UInt32(index), generation: 3))
            pair.feed("x")
        }
        var seen: Set<UInt32> = []
        for _ in 0..<100 where seen.count < pairs.count {
            let found = try events(poller)
            #expect(found.count <= 16)
            for event in found {
                #expect(event.key.generation == 3)
                #expect(event.value == .readable)
                #expect(pairs[Int(event.key.slot)].drain() == 1)
                #expect(seen.insert(event.key.slot).inserted, "it was read and is quiet")
            }
        }
        #expect(seen.count == pairs.count)
        #expect(try events(poller, timeoutMs: 0).isEmpty)
    }

    @Test(arguments: [1, 5, 20, 60] as [Int32])
    func aTimeoutIsNeverEarly(timeoutMs: Int32) throws {
        let poller = try Poller()
        let clock = ContinuousClock()
        let start = clock.now
        #expect(try events(poller, timeoutMs: timeoutMs).isEmpty)
        #expect(clock.now - start >= .milliseconds(Int64(timeoutMs)))
    }

    @Test func registeringTwiceSaysSo() throws {
        let poller = try Poller()
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.near, for: .readable, token: token)
        #expect(throws: SystemError("epoll_ctl(ADD)", "descriptor \(pipe.near)", code: EEXIST)) {
            try poller.register(pipe.near, for: .readable, token: token)
        }
    }

    @Test func modifyingWhatIsNotRegisteredSaysSo() throws {
        let poller = try Poller()
        let pipe = try DescriptorPair.pipe()
        #expect(throws: SystemError("epoll_ctl(MOD)", "descriptor \(pipe.near)", code: ENOENT)) {
            try poller.modify(pipe.near, for: .readable, token: token)
        }
    }

    @Test func aRegularFileCannotBeWatched() throws {
        let poller = try Poller()
        let file = unsafe open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        #expect(throws: SystemError("epoll_ctl(ADD)", "descriptor \(file)", code: EPERM)) {
            try poller.register(file, for: .readable, token: token)
        }
    }

    /// What shares the load of one listening socket: several pollers watch it exclusively.
    @Test func anExclusiveRegistrationIsReported() throws {
        let first = try Poller()
        let second = try Poller()
        let pipe = try DescriptorPair.pipe()
        try first.register(pipe.near, for: .readable, token: token, exclusive: true)
        try second.register(pipe.near, for: .readable, token: token, exclusive: true)
        pipe.feed("x")
        #expect(try events(first) == [token: .readable])
        first.unregister(pipe.near)
        #expect(try events(second) == [token: .readable])
    }
}
