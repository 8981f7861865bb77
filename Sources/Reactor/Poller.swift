public import Linux

/// The multiplexer: descriptors are registered with a token, a wait yields (token, readiness)
/// pairs, and the caller walks them. It calls nobody.
public struct Poller: ~Copyable {
    @usableFromInline let engine: EpollEngine

    /// A poller whose wait yields at most `capacity` events.
    public init(capacity: Int = 512) throws(SystemError) {
        engine = try EpollEngine(capacity: capacity)
    }

    /// Watches `fd`; see ``EpollEngine/register(_:for:token:exclusive:)``.
    public func register(
        _ fd: Int32, for interest: Readiness, token: Token, exclusive: Bool = false
    ) throws(SystemError) {
        try engine.register(fd, for: interest, token: token, exclusive: exclusive)
    }

    /// Changes what is asked of a registered `fd`.
    public func modify(_ fd: Int32, for interest: Readiness, token: Token) throws(SystemError) {
        try engine.modify(fd, for: interest, token: token)
    }

    /// Forgets `fd`.
    public func unregister(_ fd: Int32) { engine.unregister(fd) }

    /// Waits for events: their number.
    public func wait(timeoutMs: Int32) throws(SystemError) -> Int {
        try engine.wait(timeoutMs: timeoutMs)
    }

    /// The event at `index` of the last wait.
    @inlinable
    public func event(at index: Int) -> (token: Token, readiness: Readiness) {
        engine.event(at: index)
    }
}
