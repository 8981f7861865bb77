import Foundation
import Linux
import Testing

@testable import Reactor

/// Runs the same table with each engine. Serialized, so that descriptor numbers stay below select's
/// limit.
@Suite(.serialized) struct PollerTests {
    private let token = Token(slot: 5, generation: 17)

    /// Returns the events of a wait of at most a second.
    private func events(
        _ poller: inout Poller, timeoutMs: Int32 = 1000
    ) throws -> [Token: Readiness] {
        var found: [Token: Readiness] = [:]
        for index in 0..<(try poller.wait(timeoutMs: timeoutMs)) {
            let event = poller.event(at: index)
            #expect(found[event.token] == nil, "one event for each registration")
            found[event.token] = event.readiness
        }
        return found
    }

    @Test(arguments: Engine.allCases)
    func idleDescriptorIsNotReported(engine: Engine) throws {
        var poller = try Poller(engine)
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.near, for: .readable, token: token)
        #expect(try events(&poller, timeoutMs: 0).isEmpty)
    }

    @Test(arguments: Engine.allCases)
    func readableUntilBytesAreRead(engine: Engine) throws {
        var poller = try Poller(engine)
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.near, for: .readable, token: token)
        pipe.feed("hello")
        for _ in 0..<3 { #expect(try events(&poller) == [token: .readable]) }
        #expect(pipe.drain() == 5)
        #expect(try events(&poller, timeoutMs: 0).isEmpty)
    }

    @Test(arguments: Engine.allCases)
    func writableWhenThereIsRoom(engine: Engine) throws {
        var poller = try Poller(engine)
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: .writable, token: token)
        #expect(try events(&poller) == [token: .writable])
        sockets.fill()
        #expect(try events(&poller, timeoutMs: 0).isEmpty)
        sockets.emptyFar()
        #expect(try events(&poller) == [token: .writable])
    }

    @Test(arguments: Engine.allCases)
    func endOfStreamIsReportedWithoutReading(engine: Engine) throws {
        var poller = try Poller(engine)
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: .endOfStream, token: token)
        #expect(try events(&poller, timeoutMs: 0).isEmpty)
        shutdownSending(sockets.far)
        #expect(try events(&poller) == [token: .hangUp])
    }

    /// Bytes for which no interest is registered do not wake the poller repeatedly; select does not
    /// see the end behind them.
    @Test(arguments: Engine.allCases)
    func endOfStreamAfterUnreadBytes(engine: Engine) throws {
        var poller = try Poller(engine)
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: .endOfStream, token: token)
        sockets.feed("unread")
        for _ in 0..<3 { #expect(try events(&poller, timeoutMs: 0).isEmpty) }
        shutdownSending(sockets.far)
        #expect(try events(&poller, timeoutMs: 0) == (engine == .select ? [:] : [token: .hangUp]))
        try poller.modify(sockets.near, for: .readable, token: token)
        #expect(try events(&poller)[token]?.contains(.readable) == true)
    }

    @Test(arguments: Engine.allCases)
    func halfCloseIsNoHangUpWithoutInterest(engine: Engine) throws {
        var poller = try Poller(engine)
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: [], token: token)
        shutdownSending(sockets.far)
        #expect(try events(&poller, timeoutMs: 0).isEmpty)
    }

    @Test(arguments: Engine.allCases)
    func bothDirectionsAreOneEvent(engine: Engine) throws {
        var poller = try Poller(engine)
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: [.readable, .writable], token: token)
        sockets.feed("x")
        #expect(try events(&poller) == [token: [.readable, .writable]])
    }

    @Test(arguments: Engine.allCases)
    func onlyInterestIsReported(engine: Engine) throws {
        var poller = try Poller(engine)
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: .readable, token: token)
        #expect(try events(&poller, timeoutMs: 0).isEmpty)
        sockets.feed("x")
        #expect(try events(&poller) == [token: .readable])
    }

    @Test(arguments: Engine.allCases)
    func closeIsHangUpWithoutInterest(engine: Engine) throws {
        var poller = try Poller(engine)
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: [], token: token)
        #expect(try events(&poller, timeoutMs: 0).isEmpty)
        sockets.closeFar()
        #expect(try events(&poller)[token]?.contains(.hangUp) == true)
    }

    @Test(arguments: Engine.allCases)
    func endOfStreamIsReadable(engine: Engine) throws {
        var poller = try Poller(engine)
        let sockets = try DescriptorPair.sockets()
        try poller.register(sockets.near, for: .readable, token: token)
        #expect(shutdown(sockets.far, Int32(SHUT_WR)) == 0)
        // A half-close is not a hang-up: the other direction is open.
        #expect(try events(&poller) == [token: .readable])
        #expect(sockets.drain() == 0)
    }

    @Test(arguments: Engine.allCases)
    func pipeWithoutReaderIsHangUp(engine: Engine) throws {
        var poller = try Poller(engine)
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.far, for: .writable, token: token)
        pipe.closeNear()
        // select has no such event: it reports writability, and the write fails.
        let expected: Readiness = engine == .select ? .writable : .hangUp
        #expect(try events(&poller)[token]?.contains(expected) == true)
    }

    /// A connection that is reset is an error on its socket, for any interest.
    @Test(arguments: Engine.allCases)
    func socketErrorIsReported(engine: Engine) throws {
        for interest in [Readiness.readable, .writable, .endOfStream, []] {
            var poller = try Poller(engine)
            let sockets = try DescriptorPair.connection()
            sockets.fill()
            try poller.register(sockets.near, for: interest, token: token)
            #expect(try events(&poller, timeoutMs: 0).isEmpty)
            sockets.resetFar()
            let found = try events(&poller)[token]
            let asksForDirection = !interest.isDisjoint(with: [.readable, .writable])
            let expected = engine == .select && asksForDirection ? interest : .hangUp
            #expect(found?.contains(expected) == true, "\(engine), \(interest): \(found as Any)")
        }
    }

    @Test(arguments: Engine.allCases)
    func modifyChangesInterestAndToken(engine: Engine) throws {
        var poller = try Poller(engine)
        let sockets = try DescriptorPair.sockets()
        let other = Token(slot: 6, generation: 18)
        try poller.register(sockets.near, for: .readable, token: token)
        try poller.modify(sockets.near, for: .writable, token: other)
        sockets.feed("x")
        #expect(try events(&poller) == [other: .writable])
        try poller.modify(sockets.near, for: .readable, token: token)
        #expect(try events(&poller) == [token: .readable])
    }

    @Test(arguments: Engine.allCases)
    func unregisteredDescriptorIsNotReported(engine: Engine) throws {
        var poller = try Poller(engine)
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.near, for: .readable, token: token)
        pipe.feed("x")
        poller.unregister(pipe.near)
        #expect(try events(&poller, timeoutMs: 0).isEmpty)
        // It can be registered again.
        try poller.register(pipe.near, for: .readable, token: token)
        #expect(try events(&poller) == [token: .readable])
    }

    @Test(arguments: Engine.allCases)
    func closedDescriptorIsForgotten(engine: Engine) throws {
        var poller = try Poller(engine)
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.near, for: .readable, token: token)
        pipe.feed("x")
        poller.close(pipe.giveNear())
        #expect(try events(&poller, timeoutMs: 0).isEmpty)
    }

    /// Two connections are ready in one wait. Handling the first one closes the second, and its
    /// slot is reused. The fetched event of the old connection is recognized by its generation.
    @Test(arguments: Engine.allCases)
    func staleEventHasOldGeneration(engine: Engine) throws {
        var poller = try Poller(engine)
        let first = try DescriptorPair.sockets()
        let second = try DescriptorPair.sockets()
        var generations: [UInt32: UInt32] = [0: 1, 1: 1]
        try poller.register(first.near, for: .readable, token: Token(slot: 0, generation: 1))
        try poller.register(second.near, for: .readable, token: Token(slot: 1, generation: 1))
        first.feed("x")
        second.feed("x")
        let count = try poller.wait(timeoutMs: 1000)
        #expect(count == 2)
        let number = second.near
        poller.close(second.giveNear())
        // The next descriptor gets the free number, unless another test was faster.
        let third = try DescriptorPair.sockets()
        try third.moveNear(to: number)
        generations[1] = 2
        try poller.register(third.near, for: .readable, token: Token(slot: 1, generation: 2))
        let valid = (0..<count).map { poller.event(at: $0).token }
            .filter { generations[$0.slot] == $0.generation }
        #expect(valid == [Token(slot: 0, generation: 1)])
        third.feed("new")
        #expect(try events(&poller)[Token(slot: 1, generation: 2)] == .readable)
    }

    @Test(arguments: Engine.allCases)
    func allReadyDescriptorsAreReportedEventually(engine: Engine) throws {
        var poller = try Poller(engine, capacity: 16)
        let pairs = try (0..<200).map { _ in try DescriptorPair.sockets() }
        for (index, pair) in pairs.enumerated() {
            try poller.register(
                pair.near, for: .readable, token: Token(slot: UInt32(index), generation: 3))
            pair.feed("x")
        }
        var seen: Set<UInt32> = []
        for _ in 0..<100 where seen.count < pairs.count {
            let found = try events(&poller)
            #expect(found.count <= 16)
            for event in found {
                #expect(event.key.generation == 3)
                #expect(event.value == .readable)
                #expect(pairs[Int(event.key.slot)].drain() == 1)
                #expect(seen.insert(event.key.slot).inserted, "it was read and is quiet")
            }
        }
        #expect(seen.count == pairs.count)
        #expect(try events(&poller, timeoutMs: 0).isEmpty)
    }

    /// Changes made while the events of a wait are handled appear in the next wait.
    @Test(arguments: Engine.allCases)
    func changesWhileHandlingEvents(engine: Engine) throws {
        var poller = try Poller(engine)
        let pairs = try (0..<6).map { _ in try DescriptorPair.sockets() }
        func token(_ index: Int) -> Token { Token(slot: UInt32(index), generation: 1) }
        for (index, pair) in pairs.enumerated() {
            try poller.register(pair.near, for: .readable, token: token(index))
            pair.feed("x")
        }
        let count = try poller.wait(timeoutMs: 1000)
        #expect(count == 6)
        var walked: Set<Token> = []
        for index in 0..<count {
            walked.insert(poller.event(at: index).token)
            guard index == 0 else { continue }
            poller.unregister(pairs[0].near)
            poller.unregister(pairs[3].near)
            try poller.modify(pairs[1].near, for: .writable, token: token(1))
            try poller.modify(pairs[2].near, for: [], token: token(2))
            poller.close(pairs[5].giveNear())
        }
        #expect(walked == Set((0..<6).map(token)))
        let next = try events(&poller)
        #expect(next == [token(1): .writable, token(4): .readable])
    }

    @Test(arguments: Engine.allCases, [0, 1, 5, 20, 60] as [Int32])
    func timeoutIsNeverEarly(engine: Engine, timeoutMs: Int32) throws {
        var poller = try Poller(engine)
        let clock = ContinuousClock()
        let start = clock.now
        #expect(try events(&poller, timeoutMs: timeoutMs).isEmpty)
        let waited = clock.now - start
        #expect(waited >= .milliseconds(Int64(timeoutMs)))
        #expect(waited < .seconds(10))
    }

    @Test(arguments: Engine.allCases)
    func registeringTwiceFails(engine: Engine) throws {
        var poller = try Poller(engine)
        let pipe = try DescriptorPair.pipe()
        try poller.register(pipe.near, for: .readable, token: token)
        let error = try #require(throws: SystemError.self) {
            try poller.register(pipe.near, for: .readable, token: token)
        }
        #expect(error.code == EEXIST)
    }

    @Test(arguments: Engine.allCases)
    func modifyingUnregisteredFails(engine: Engine) throws {
        var poller = try Poller(engine)
        let pipe = try DescriptorPair.pipe()
        let error = try #require(throws: SystemError.self) {
            try poller.modify(pipe.near, for: .readable, token: token)
        }
        #expect(error.code == ENOENT)
    }

    /// Reading a file never waits: epoll refuses it, the others report it as ready.
    @Test(arguments: Engine.allCases)
    func regularFileIsAlwaysReady(engine: Engine) throws {
        var poller = try Poller(engine)
        let file = unsafe open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        do {
            try poller.register(file, for: .readable, token: token)
            #expect(engine != .epoll)
            #expect(try events(&poller) == [token: .readable])
        } catch let error as SystemError {
            #expect(engine == .epoll && error.code == EPERM)
        }
    }

    /// Several pollers that share a listening socket watch it exclusively.
    @Test(arguments: Engine.allCases)
    func exclusiveRegistrationIsReported(engine: Engine) throws {
        var first = try Poller(engine)
        var second = try Poller(engine)
        let pipe = try DescriptorPair.pipe()
        try first.register(pipe.near, for: .readable, token: token, exclusive: true)
        try second.register(pipe.near, for: .readable, token: token, exclusive: true)
        pipe.feed("x")
        #expect(try events(&first) == [token: .readable])
        first.unregister(pipe.near)
        #expect(try events(&second) == [token: .readable])
    }
}

@Suite struct TokenTests {
    @Test(arguments: [
        (UInt32(0), UInt32(0), UInt64(0)),
        (1, 0, 1),
        (0, 1, 1 << 32),
        (7, 9, 9 << 32 | 7),
        (.max, 0, 0xFFFF_FFFF),
        (0, .max, 0xFFFF_FFFF_0000_0000),
        (.max, .max, .max),
    ])
    func tokenPacksSlotAndGeneration(slot: UInt32, generation: UInt32, bits: UInt64) {
        let token = Token(slot: slot, generation: generation)
        #expect(token.bits == bits)
        #expect(Token(bits: bits) == token)
        #expect(Token(bits: bits).slot == slot)
        #expect(Token(bits: bits).generation == generation)
    }

    @Test func usersOfOneSlotDiffer() {
        #expect(Token(slot: 3, generation: 1) != Token(slot: 3, generation: 2))
        #expect(Set([Token(slot: 3, generation: 1), Token(slot: 3, generation: 1)]).count == 1)
    }
}
