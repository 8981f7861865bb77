// How it works: the set is two bitmaps, for reading and for writing, with one bit for each number
// from 0 to 1023. select(2) passes copies of both with every call and overwrites them with the
// ready descriptors; the kernel checks every descriptor up to the highest whose bit is set.
//
// Level or edge: level-triggered, as poll.
//
// Cost: proportional to the highest registered number: at most 256 bytes copied in and out, a check
// of each socket, and the scan of the bits here. A change of the set is a bit.
//
// Limit: descriptor numbers below 1,024, however few are in use. Higher bits would be written past
// the end of the bitmaps, so a larger number is refused. There is no exclusive wake-up, as with
// poll. There is no separate event for a hang-up either: it makes the descriptor ready for whatever
// is watched, and the next read or write reports it. A descriptor that is watched for neither
// direction is watched for reading; poll(2) on it then distinguishes the end of the stream from
// data, but not an end that follows unread data.

import CLinux
import Glibc
public import Linux

/// The select(2) engine of the poller.
public struct SelectEngine: ~Copyable {
    /// A bitmap of 64 numbers per word, as in fd_set.
    private typealias Map = [UInt64]

    /// The descriptors watched for reading.
    private var reading = Map(repeating: 0, count: SelectEngine.words)
    /// The descriptors watched for writing.
    private var writing = Map(repeating: 0, count: SelectEngine.words)
    /// The bitmaps that select(2) overwrites.
    private var readable = Map(repeating: 0, count: SelectEngine.words)
    private var writable = Map(repeating: 0, count: SelectEngine.words)
    /// The token and interest of each descriptor; nil if it is not registered.
    private var entries = [(token: Token, interest: Readiness)?](
        repeating: nil, count: SelectEngine.limit)
    /// One more than the highest registered number.
    private var end = 0
    /// The events of the last wait.
    @usableFromInline var found: [(token: Token, readiness: Readiness)] = []
    private let capacity: Int
    /// The number where the next wait begins to collect: after the last one that fitted.
    private var next = 0

    private static let limit = Int(Engine.select.descriptorLimit)
    private static let words = limit / 64

    /// Creates an engine whose wait returns at most `capacity` events.
    public init(capacity: Int) throws(SystemError) {
        self.capacity = max(1, capacity)
        found.reserveCapacity(capacity)
    }

    /// Watches `fd`; throws EMFILE if it is 1024 or more. `exclusive` is not supported.
    public mutating func register(
        _ fd: Int32, for interest: Readiness, token: Token, exclusive: Bool = false
    ) throws(SystemError) {
        guard fd >= 0 else { throw SystemError("select()", "descriptor \(fd)", code: EBADF) }
        guard fd < SelectEngine.limit else {
            throw SystemError("select()", "descriptor \(fd)", code: EMFILE)
        }
        guard entries[Int(fd)] == nil else {
            throw SystemError("select()", "descriptor \(fd)", code: EEXIST)
        }
        setInterest(Int(fd), to: interest, token)
        end = max(end, Int(fd) + 1)
    }

    /// Changes the interest of a registered `fd`.
    public mutating func modify(
        _ fd: Int32, for interest: Readiness, token: Token
    ) throws(SystemError) {
        guard isRegistered(fd) else {
            throw SystemError("select()", "descriptor \(fd)", code: ENOENT)
        }
        setInterest(Int(fd), to: interest, token)
    }

    /// Stops watching `fd`.
    public mutating func unregister(_ fd: Int32) {
        guard isRegistered(fd) else { return }
        entries[Int(fd)] = nil
        SelectEngine.set(&reading, Int(fd), to: false)
        SelectEngine.set(&writing, Int(fd), to: false)
        while end > 0, entries[end - 1] == nil { end -= 1 }
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
        for word in reading.indices {
            readable[word] = reading[word]
            writable[word] = writing[word]
        }
        let returned = unsafe readable.withUnsafeMutableBufferPointer { readable in
            unsafe writable.withUnsafeMutableBufferPointer { writable in
                unsafe clinux_select(
                    Int32(end), readable.baseAddress, writable.baseAddress, timeoutMs)
            }
        }
        guard returned >= 0 else {
            if returned == 0 &- EINTR { return 0 }
            throw SystemError("select()", code: returned)
        }
        if returned > 0 { collect() }
        return found.count
    }

    /// Returns the event at `index` of the last wait.
    @inlinable
    public func event(at index: Int) -> (token: Token, readiness: Readiness) { found[index] }

    /// Collects the numbers whose bits select(2) left set. Those that do not fit come first the
    /// next time.
    private mutating func collect() {
        var fd = next < end ? next : 0
        for _ in 0..<end where found.count < capacity {
            if let entry = entries[fd] {
                let readiness = readiness(of: fd, entry.interest)
                if !readiness.isEmpty { found.append((entry.token, readiness)) }
            }
            fd = fd + 1 < end ? fd + 1 : 0
        }
        next = fd
    }

    private mutating func readiness(of fd: Int, _ interest: Readiness) -> Readiness {
        var readiness: Readiness = []
        if SelectEngine.has(writable, fd) { readiness.insert(.writable) }
        guard SelectEngine.has(readable, fd) else { return readiness }
        if interest.contains(.readable) {
            readiness.insert(.readable)
        } else if clinux_has_ended(Int32(fd), interest.contains(.endOfStream) ? 1 : 0) != 0 {
            readiness.insert(.hangUp)
        } else {
            // Otherwise each wait would return at once for these bytes, which are not wanted yet.
            SelectEngine.set(&reading, fd, to: false)
        }
        return readiness
    }

    private mutating func setInterest(_ fd: Int, to interest: Readiness, _ token: Token) {
        entries[fd] = (token, interest)
        let asksForEnd = interest.contains(.endOfStream) || !interest.contains(.writable)
        SelectEngine.set(&reading, fd, to: interest.contains(.readable) || asksForEnd)
        SelectEngine.set(&writing, fd, to: interest.contains(.writable))
    }

    private func isRegistered(_ fd: Int32) -> Bool {
        fd >= 0 && fd < SelectEngine.limit && entries[Int(fd)] != nil
    }

    private static func has(_ map: Map, _ fd: Int) -> Bool { map[fd / 64] >> (fd % 64) & 1 != 0 }

    private static func set(_ map: inout Map, _ fd: Int, to value: Bool) {
        if value { map[fd / 64] |= 1 << (fd % 64) } else { map[fd / 64] &= ~(1 << (fd % 64)) }
    }
}
