// How it works: the set is an array here, of (descriptor, what is asked, what was found). poll(2)
// takes all of it at every call; the kernel looks at each descriptor, enters itself as a waiter
// there if none is ready, looks again when it is woken, and writes each result back.
//
// Level or edge: level-triggered. The kernel remembers nothing between two calls, so it could not
// tell a change.
//
// Cost: a wait costs what is registered, ready or not: 8 bytes copied in, a look at the socket, two
// bytes copied out, and then the walk over the array here. A change of the set is a store in
// memory, without a call.
//
// Limit: descriptors (RLIMIT_NOFILE). Processes that wait for one listening socket are all woken by
// a connection: there is no exclusive wake-up.

import CLinux
import Glibc
public import Linux

/// The poll(2) engine of the poller.
public struct PollEngine: ~Copyable {
    /// What poll(2) is given, without gaps.
    private var entries: [pollfd] = []
    /// Whose they are.
    private var tokens: [Token] = []
    /// Where a descriptor stands in them, by its number; -1 when it is not registered.
    private var positions: [Int32] = []
    /// What the last wait found.
    @usableFromInline var found: [(token: Token, readiness: Readiness)] = []
    private let capacity: Int
    /// Where the next wait begins to look: behind what the last one had room for.
    private var next = 0

    /// An engine whose wait yields at most `capacity` events.
    public init(capacity: Int) throws(SystemError) {
        self.capacity = max(1, capacity)
        found.reserveCapacity(capacity)
    }

    /// Watches `fd`. `exclusive` is not to be had.
    public mutating func register(
        _ fd: Int32, for interest: Readiness, token: Token, exclusive: Bool = false
    ) throws(SystemError) {
        guard fd >= 0 else { throw SystemError("poll()", "descriptor \(fd)", code: EBADF) }
        guard position(of: fd) == nil else {
            throw SystemError("poll()", "descriptor \(fd)", code: EEXIST)
        }
        while positions.count <= Int(fd) { positions.append(-1) }
        positions[Int(fd)] = Int32(truncatingIfNeeded: entries.count)
        entries.append(pollfd(fd: fd, events: PollEngine.mask(interest), revents: 0))
        tokens.append(token)
    }

    /// Changes what is asked of a registered `fd`.
    public mutating func modify(
        _ fd: Int32, for interest: Readiness, token: Token
    ) throws(SystemError) {
        guard let position = position(of: fd) else {
            throw SystemError("poll()", "descriptor \(fd)", code: ENOENT)
        }
        entries[position].events = PollEngine.mask(interest)
        tokens[position] = token
    }

    /// Forgets `fd`: the last entry takes its place.
    public mutating func unregister(_ fd: Int32) {
        guard let position = position(of: fd) else { return }
        positions[Int(entries[entries.count - 1].fd)] = Int32(truncatingIfNeeded: position)
        positions[Int(fd)] = -1
        entries.swapAt(position, entries.count - 1)
        entries.removeLast()
        tokens.swapAt(position, tokens.count - 1)
        tokens.removeLast()
    }

    /// Closes `fd` and forgets it: the kernel would not.
    public mutating func close(_ fd: Int32) {
        unregister(fd)
        closeDescriptor(fd)
    }

    /// Waits until something is ready, a signal came, or `timeoutMs` have passed (-1: no limit):
    /// the number of events. 0 after a signal handler ran.
    public mutating func wait(timeoutMs: Int32) throws(SystemError) -> Int {
        found.removeAll(keepingCapacity: true)
        let returned = unsafe entries.withUnsafeMutableBufferPointer {
            unsafe Glibc.poll($0.baseAddress, nfds_t($0.count), timeoutMs)
        }
        guard returned >= 0 else {
            if errno == EINTR { return 0 }
            throw SystemError("poll()", code: errno)
        }
        collect(Int(returned))
        return found.count
    }

    /// The event at `index` of the last wait.
    @inlinable
    public func event(at index: Int) -> (token: Token, readiness: Readiness) { found[index] }

    /// Finds the `ready` entries that poll(2) marked. What there is no room for comes first the
    /// next time.
    private mutating func collect(_ ready: Int) {
        let wanted = min(ready, capacity)
        var position = next < entries.count ? next : 0
        for _ in entries.indices where found.count < wanted {
            if entries[position].revents != 0 {
                found.append((tokens[position], PollEngine.readiness(entries[position].revents)))
            }
            position = position + 1 < entries.count ? position + 1 : 0
        }
        next = position
    }

    private func position(of fd: Int32) -> Int? {
        guard fd >= 0, Int(fd) < positions.count, positions[Int(fd)] >= 0 else { return nil }
        return Int(positions[Int(fd)])
    }

    private static func mask(_ interest: Readiness) -> Int16 {
        (interest.contains(.readable) ? Int16(POLLIN) : 0)
            | (interest.contains(.writable) ? Int16(POLLOUT) : 0)
            | (interest.contains(.endOfStream) ? clinux_poll_end() : 0)
    }

    /// POLLNVAL, a number that is closed, is a hang-up too: it is not passed over in silence.
    private static func readiness(_ bits: Int16) -> Readiness {
        var readiness: Readiness = []
        if bits & Int16(POLLIN) != 0 { readiness.insert(.readable) }
        if bits & Int16(POLLOUT) != 0 { readiness.insert(.writable) }
        if bits & (Int16(POLLHUP | POLLERR | POLLNVAL) | clinux_poll_end()) != 0 {
            readiness.insert(.hangUp)
        }
        return readiness
    }
}
