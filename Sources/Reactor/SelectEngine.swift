// How it works: the set is two maps here, one bit for each number from 0 to 1023: who is asked for
// reading, who for writing. select(2) takes copies of both at every call and overwrites them with
// who is ready; the kernel looks at every descriptor up to the highest whose bit is set.
//
// Level or edge: level-triggered, as poll.
//
// Cost: a wait costs the highest number that is registered: 256 bytes copied in and out at most, a
// look at each socket, and then the walk over the bits here. A change of the set is a bit.
//
// Limit: 1,024 numbers, and it is the numbers that count: one more socket than that cannot be
// watched, however few the others are. Bits beyond would be written past the end of the maps, so a
// larger number is refused. There is no exclusive wake-up, as with poll. And there is no word for a
// hang-up: it makes ready what is asked for, and the next read or write tells. Who asks for neither
// direction is watched for reading; poll(2) of that one descriptor then tells an end from bytes,
// and once there are bytes an end behind them is not seen any more.

import CLinux
import Glibc
public import Linux

/// The select(2) engine of the poller.
public struct SelectEngine: ~Copyable {
    /// 64 numbers a word, as in fd_set.
    private typealias Map = [UInt64]

    /// Who is asked for reading.
    private var reading = Map(repeating: 0, count: SelectEngine.words)
    /// Who is asked for writing.
    private var writing = Map(repeating: 0, count: SelectEngine.words)
    /// What select(2) overwrites.
    private var readable = Map(repeating: 0, count: SelectEngine.words)
    private var writable = Map(repeating: 0, count: SelectEngine.words)
    /// Whose a number is, and what was asked of it; nil when it is not registered.
    private var entries = [(token: Token, interest: Readiness)?](
        repeating: nil, count: SelectEngine.limit)
    /// One more than the highest number that is registered.
    private var end = 0
    /// What the last wait found.
    @usableFromInline var found: [(token: Token, readiness: Readiness)] = []
    private let capacity: Int
    /// Where the next wait begins to look: behind what the last one had room for.
    private var next = 0

    private static let limit = Int(Engine.select.descriptorLimit)
    private static let words = limit / 64

    /// An engine whose wait yields at most `capacity` events.
    public init(capacity: Int) throws(SystemError) {
        self.capacity = max(1, capacity)
        found.reserveCapacity(capacity)
    }

    /// Watches `fd`; EMFILE when it is 1024 or more. `exclusive` is not to be had.
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
        ask(Int(fd), for: interest, token)
        end = max(end, Int(fd) + 1)
    }

    /// Changes what is asked of a registered `fd`.
    public mutating func modify(
        _ fd: Int32, for interest: Readiness, token: Token
    ) throws(SystemError) {
        guard isRegistered(fd) else {
            throw SystemError("select()", "descriptor \(fd)", code: ENOENT)
        }
        ask(Int(fd), for: interest, token)
    }

    /// Forgets `fd`.
    public mutating func unregister(_ fd: Int32) {
        guard isRegistered(fd) else { return }
        entries[Int(fd)] = nil
        SelectEngine.set(&reading, Int(fd), to: false)
        SelectEngine.set(&writing, Int(fd), to: false)
        while end > 0, entries[end - 1] == nil { end -= 1 }
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

    /// The event at `index` of the last wait.
    @inlinable
    public func event(at index: Int) -> (token: Token, readiness: Readiness) { found[index] }

    /// Finds the numbers whose bits select(2) left. What there is no room for comes first the next
    /// time.
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
            // Each wait would return at once for these bytes, which nobody wants yet.
            SelectEngine.set(&reading, fd, to: false)
        }
        return readiness
    }

    private mutating func ask(_ fd: Int, for interest: Readiness, _ token: Token) {
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
