// How it works: the kernel stores the set. epoll_ctl(2) adds, changes or removes one descriptor.
// The kernel marks it ready when a packet arrives or buffer space is freed; epoll_wait(2) returns
// the ready descriptors (epoll(7)).
//
// Level or edge: level-triggered. Every wait reports a ready descriptor until it is not ready or
// not watched any more. EPOLLET, which reports only changes, would save waits where a read stops
// early, at the cost of one more read each time to find that nothing is left.
//
// Cost: proportional to the ready descriptors, however many are registered; a change of the set is
// a system call.
//
// Limit: descriptors (RLIMIT_NOFILE), and max_user_watches, about 4 % of the memory.

public import CLinux
import Glibc
public import Linux

/// The epoll(7) engine of the poller.
@safe
public struct EpollEngine: ~Copyable {
    @usableFromInline let descriptor: Descriptor
    @usableFromInline let events: UnsafeMutablePointer<epoll_event>
    @usableFromInline let capacity: Int32

    /// Creates an engine whose wait returns at most `capacity` events.
    public init(capacity: Int) throws(SystemError) {
        let number = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard number >= 0 else { throw SystemError("epoll_create1()", code: errno) }
        descriptor = Descriptor(owning: number)
        unsafe events = .allocate(capacity: capacity)
        self.capacity = Int32(clamping: capacity)
    }

    deinit { unsafe events.deallocate() }

    /// Watches `fd`. `exclusive` is EPOLLEXCLUSIVE: of several processes that watch one listening
    /// socket, not all are woken.
    public func register(
        _ fd: Int32, for interest: Readiness, token: Token, exclusive: Bool = false
    ) throws(SystemError) {
        let mask = EpollEngine.mask(interest) | (exclusive ? clinux_epoll_exclusive() : 0)
        if clinux_epoll_add(descriptor.number, fd, mask, token.bits) != 0 {
            throw SystemError("epoll_ctl(ADD)", "descriptor \(fd)", code: errno)
        }
    }

    /// Changes the interest of a registered `fd`.
    public func modify(_ fd: Int32, for interest: Readiness, token: Token) throws(SystemError) {
        if clinux_epoll_modify(
            descriptor.number, fd, EpollEngine.mask(interest), token.bits) != 0
        {
            throw SystemError("epoll_ctl(MOD)", "descriptor \(fd)", code: errno)
        }
    }

    /// Stops watching `fd`.
    public func unregister(_ fd: Int32) {
        _ = clinux_epoll_delete(descriptor.number, fd)
    }

    /// Closes `fd`, which also unregisters it, unless another descriptor is a copy of it.
    public func close(_ fd: Int32) {
        closeDescriptor(fd)
    }

    /// Waits until a descriptor is ready, a signal arrives, or `timeoutMs` have passed (-1: no
    /// limit). Returns the number of events; 0 after a signal handler ran.
    public func wait(timeoutMs: Int32) throws(SystemError) -> Int {
        let count = unsafe epoll_wait(descriptor.number, events, capacity, timeoutMs)
        if count >= 0 { return Int(count) }
        if errno == EINTR { return 0 }
        throw SystemError("epoll_wait()", code: errno)
    }

    /// Returns the event at `index` of the last wait.
    @inlinable
    public func event(at index: Int) -> (token: Token, readiness: Readiness) {
        precondition(index >= 0 && index < Int(capacity))
        let position = Int32(truncatingIfNeeded: index)
        let bits = unsafe clinux_epoll_events(events, position)
        var readiness: Readiness = []
        if bits & clinux_epoll_in() != 0 { readiness.insert(.readable) }
        if bits & clinux_epoll_out() != 0 { readiness.insert(.writable) }
        if bits & (clinux_epoll_hangup() | clinux_epoll_error() | clinux_epoll_end()) != 0 {
            readiness.insert(.hangUp)
        }
        return (Token(bits: unsafe clinux_epoll_token(events, position)), readiness)
    }

    private static func mask(_ interest: Readiness) -> UInt32 {
        (interest.contains(.readable) ? clinux_epoll_in() : 0)
            | (interest.contains(.writable) ? clinux_epoll_out() : 0)
            | (interest.contains(.endOfStream) ? clinux_epoll_end() : 0)
    }
}
