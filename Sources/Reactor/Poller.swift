public import Linux

/// The multiplexer: descriptors are registered with a token, a wait yields (token, readiness)
/// pairs, and the caller walks them. It calls nobody.
///
/// Three engines can do it, and one of them does: which one is asked for once a call. All are
/// level-triggered, so the caller need not know which it is.
public struct Poller: ~Copyable {
    /// The engine that waits.
    public let engine: Engine
    // One of these is there.
    @usableFromInline var epoll: EpollEngine?
    @usableFromInline var poll: PollEngine?
    @usableFromInline var select: SelectEngine?

    /// A poller whose wait yields at most `capacity` events; those that are left come next time.
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

    /// Watches `fd`. With `exclusive`, of several processes that watch one listening socket not all
    /// are woken by one connection; only epoll can do that, the others wake all.
    ///
    /// Throws EEXIST when `fd` is registered, and with select EMFILE when it is 1024 or more.
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

    /// Changes what is asked of a registered `fd`. Throws ENOENT when it is not registered.
    public mutating func modify(
        _ fd: Int32, for interest: Readiness, token: Token
    ) throws(SystemError) {
        switch engine {
        case .epoll: try epoll!.modify(fd, for: interest, token: token)
        case .poll: try poll!.modify(fd, for: interest, token: token)
        case .select: try select!.modify(fd, for: interest, token: token)
        }
    }

    /// Forgets `fd`, which stays open.
    public mutating func unregister(_ fd: Int32) {
        switch engine {
        case .epoll: epoll!.unregister(fd)
        case .poll: poll!.unregister(fd)
        case .select: select!.unregister(fd)
        }
    }

    /// Closes `fd` and forgets it, if it is registered: its number may be another's from then on.
    public mutating func close(_ fd: Int32) {
        switch engine {
        case .epoll: epoll!.close(fd)
        case .poll: poll!.close(fd)
        case .select: select!.close(fd)
        }
    }

    /// Waits until something is ready, a signal came, or `timeoutMs` have passed (-1: no limit):
    /// the number of events. 0 after a signal handler ran.
    public mutating func wait(timeoutMs: Int32) throws(SystemError) -> Int {
        switch engine {
        case .epoll: try epoll!.wait(timeoutMs: timeoutMs)
        case .poll: try poll!.wait(timeoutMs: timeoutMs)
        case .select: try select!.wait(timeoutMs: timeoutMs)
        }
    }

    /// The event at `index` of the last wait. It is what the wait found, whatever was registered,
    /// modified or closed since: the token's generation tells whether it is still somebody's.
    @inlinable
    public func event(at index: Int) -> (token: Token, readiness: Readiness) {
        switch engine {
        case .epoll: epoll!.event(at: index)
        case .poll: poll!.event(at: index)
        case .select: select!.event(at: index)
        }
    }
}
