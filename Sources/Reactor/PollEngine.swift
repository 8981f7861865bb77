// How it works: the set is an array of descriptor, interest and result. poll(2) passes all of it
// with every call; the kernel checks each descriptor, adds itself to the wait queues if none is
// ready, checks again when it is woken, and writes each result back.
//
// Level or edge: level-triggered. The kernel stores nothing between two calls, so it could not
// detect changes.
//
// Cost: proportional to the registered descriptors, ready or not: 8 bytes copied in, a check of the
// socket, two bytes copied out, and the scan of the array here. A change of the set is a store in
// memory, without a system call.
//
// Limit: descriptors (RLIMIT_NOFILE). All processes that wait for one listening socket are woken by
// a connection: there is no exclusive wake-up.

import CLinux
import Glibc
public import Linux

/// The poll(2) engine of the poller.
public struct PollEngine: ~Copyable {
    /// The argument of poll(2), without gaps.
    private var entries: [pollfd] = []
    /// The tokens of the entries.
    private var tokens: [Token] = []
    /// The index of each descriptor's entry, by its number; -1 if it is not registered.
    private var positions: [Int32] = []
    /// The events of the last wait.
    @usableFromInline var found: [(token: Token, readiness: Readiness)] = []
    private let capacity: Int
    /// The entry where the next wait begins to collect: after the last one that fitted.
    private var next = 0

    /// Creates an engine whose wait returns at most `capacity` events.
    public init(capacity: Int) throws(SystemError) {
        self.capacity = max(1, capacity)
        found.reserveCapacity(capacity)
    }

    /// Watches `fd`. `exclusive` is not supported.
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

    /// Changes the interest of a registered `fd`.
    public mutating func modify(
        _ fd: Int32, for interest: Readiness, token: Token
    ) throws(SystemError) {
        guard let position = position(of: fd) else {
            throw SystemError("poll()", "descriptor \(fd)", code: ENOENT)
        }
        entries[position].events = PollEngine.mask(interest)
        tokens[position] = token
    }

    /// Stops watching `fd`: the last entry replaces it.
    public mutating func unregister(_ fd: Int32) {
        guard let position = position(of: fd) else { return }
        positions[Int(entries[entries.count - 1].fd)] = Int32(truncatingIfNeeded: position)
        positions[Int(fd)] = -1
        entries.swapAt(position, entries.count - 1)
        entries.removeLast()
        tokens.swapAt(position, tokens.count - 1)
        tokens.removeLast()
    }

    /// Closes `fd` and unregisters it, which the kernel would not do.
    public mutating func close(_ fd: Int32) {
        unregister(fd)
        closeDescriptor(fd)
    }

    /// Waits until a descriptor is ready, a signal arrives, or `timeoutMs` have passed (-1: no
    /// limit). Returns the number of events; 0 after a signal handler ran.
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

    /// Returns the event at `index` of the last wait.
    @inlinable
    public func event(at index: Int) -> (token: Token, readiness: Readiness) { found[index] }

    /// Collects the `ready` entries that poll(2) marked. Those that do not fit come first the next
    /// time.
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

    /// Converts the bits of poll(2). POLLNVAL, a closed number, is a hang-up too, so that it is
    /// noticed.
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
