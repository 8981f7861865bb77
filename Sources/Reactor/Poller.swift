public import Linux

/// The multiplexer: descriptors are registered with a token, a wait returns pairs of token and
/// readiness, and the caller handles them. There are no callbacks.
///
/// There are three engines; the poller branches to one of them once per call. All are
/// level-triggered, so the caller need not know which one it is.
public struct Poller: ~Copyable {
    /// The engine in use.
    public let engine: Engine
    // Exactly one of these is set.
    @usableFromInline var epoll: EpollEngine?
    @usableFromInline var poll: PollEngine?
    @usableFromInline var select: SelectEngine?

    /// Creates a poller whose wait returns at most `capacity` events; the others are returned by
    /// the next one.
    public init(_ engine: Engine = .epoll, capacity: Int = 512) throws(SystemError) {
        self.engine = engine
        epoll = nil
        poll = nil
        select = nil
        switch engine {
        case .epoll: epoll = try EpollEngine(capacity: capacity)
        case .poll: poll = try PollEngine(capacity: capacity)
        case .select: select = try SelectEngine(capacity: capacity)
        }
    }

    /// Watches `fd`. With `exclusive`, of several processes that watch one listening socket, not
    /// all are woken by one connection; only epoll supports that, the others wake all.
    ///
    /// Throws EEXIST if `fd` is registered, and with select EMFILE if it is 1024 or more.
    public mutating func register(
        _ fd: Int32, for interest: Readiness, token: Token, exclusive: Bool = false
    ) throws(SystemError) {
        switch engine {
        case .epoll:
            try epoll!.register(fd, for: interest, token: token, exclusive: exclusive)
        case .poll: try poll!.register(fd, for: interest, token: token, exclusive: exclusive)
        case .select:
            try select!.register(fd, for: interest, token: token, exclusive: exclusive)
        }
    }

    /// Changes the interest of a registered `fd`. Throws ENOENT if it is not registered.
    public mutating func modify(
        _ fd: Int32, for interest: Readiness, token: Token
    ) throws(SystemError) {
        switch engine {
        case .epoll: try epoll!.modify(fd, for: interest, token: token)
        case .poll: try poll!.modify(fd, for: interest, token: token)
        case .select: try select!.modify(fd, for: interest, token: token)
        }
    }

    /// Stops watching `fd`, which stays open.
    public mutating func unregister(_ fd: Int32) {
        switch engine {
        case .epoll: epoll!.unregister(fd)
        case .poll: poll!.unregister(fd)
        case .select: select!.unregister(fd)
        }
    }

    /// Closes `fd` and unregisters it: its number may be reused from then on.
    public mutating func close(_ fd: Int32) {
        switch engine {
        case .epoll: epoll!.close(fd)
        case .poll: poll!.close(fd)
        case .select: select!.close(fd)
        }
    }

    /// Waits until a descriptor is ready, a signal arrives, or `timeoutMs` have passed (-1: no
    /// limit). Returns the number of events; 0 after a signal handler ran.
    public mutating func wait(timeoutMs: Int32) throws(SystemError) -> Int {
        switch engine {
        case .epoll: try epoll!.wait(timeoutMs: timeoutMs)
        case .poll: try poll!.wait(timeoutMs: timeoutMs)
        case .select: try select!.wait(timeoutMs: timeoutMs)
        }
    }

    /// Returns the event at `index` of the last wait, even if its descriptor was modified or closed
    /// since: compare the token's generation before using it.
    @inlinable
    public func event(at index: Int) -> (token: Token, readiness: Readiness) {
        switch engine {
        case .epoll: epoll!.event(at: index)
        case .poll: poll!.event(at: index)
        case .select: select!.event(at: index)
        }
    }
}
