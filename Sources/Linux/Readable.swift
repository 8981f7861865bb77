import Glibc

/// Waits until one of `descriptors` is readable or at its end, at most `timeoutMs` milliseconds
/// (-1: no limit): poll(2). Returns the indexes of those that are; none after a signal.
public func waitUntilReadable(_ descriptors: [Int32], timeoutMs: Int32) -> [Int] {
    var polls = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    guard unsafe poll(&polls, nfds_t(polls.count), timeoutMs) > 0 else { return [] }
    return polls.indices.filter { polls[$0].revents != 0 }
}

/// Waits until one of `readable` is readable, one of `writable` is writable, or one is at its end,
/// at most `timeoutMs` milliseconds (-1: no limit): poll(2). Returns the indexes of the readable
/// ones; none after a signal.
public func waitUntilReady(
    readable: [Int32], writable: [Int32], timeoutMs: Int32
) -> [Int] {
    waitUntilReady(ended: [], readable: readable, writable: writable, timeoutMs: timeoutMs)
}

/// Waits as above, with pipes before `readable` that count as ready only when all their writers are
/// gone: bytes in them do not matter.
public func waitUntilReady(
    ended: [Int32], readable: [Int32], writable: [Int32], timeoutMs: Int32
) -> [Int] {
    var polls = ended.map { pollfd(fd: $0, events: 0, revents: 0) }
    polls += readable.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    polls += writable.map { pollfd(fd: $0, events: Int16(POLLOUT), revents: 0) }
    guard unsafe poll(&polls, nfds_t(polls.count), timeoutMs) > 0 else { return [] }
    return (0..<ended.count + readable.count).filter { polls[$0].revents != 0 }
}

/// Returns true if the other end of a pipe or socket is gone or shut down, whatever is left to
/// read.
public func isAbandoned(_ descriptor: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: 0x2000, revents: 0)
    guard unsafe poll(&request, 1, 0) > 0 else { return false }
    return request.revents != 0
}

/// Waits for `milliseconds`, or until a signal: poll(2) without descriptors.
public func pause(milliseconds: Int32) {
    _ = poll(nil, 0, milliseconds)
}
