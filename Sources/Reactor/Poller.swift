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

/// The system calls for waiting on many descriptors that the poller can use.
@frozen
public enum Engine: String, CaseIterable, BitwiseCopyable, Sendable {
    /// epoll(7): the kernel stores the set of descriptors.
    case epoll
    /// poll(2): the set is an array that is passed with every call.
    case poll
    /// select(2): the set is three bitmaps of 1,024 bits that are passed with every call.
    case select

    /// Descriptors from this number on cannot be watched.
    @inlinable
    public var descriptorLimit: Int32 { self == .select ? 1024 : Int32.max }
}

/// The owner of an event: a slot of the caller's table, and the generation of its user.
///
/// A number that is closed and reused within one batch of events may receive events for its former
/// user. They carry the former generation and are recognised by it.
@frozen
public struct Token: BitwiseCopyable, Hashable, Sendable {
    /// The caller's index.
    public let slot: UInt32
    /// Distinguishes successive users of the slot.
    public let generation: UInt32

    /// Creates a token for a user of a slot.
    @inlinable
    public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    @inlinable var bits: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    @inlinable
    init(bits: UInt64) {
        slot = UInt32(truncatingIfNeeded: bits)
        generation = UInt32(truncatingIfNeeded: bits >> 32)
    }
}

/// The events that a caller is interested in, and those that were reported.
@frozen
public struct Readiness: OptionSet, BitwiseCopyable, Sendable {
    /// The states, one bit for each.
    public let rawValue: UInt8

    /// Creates a set from its bits.
    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Data, or the end of the stream, can be read.
    @inlinable public static var readable: Readiness { Readiness(rawValue: 1) }
    /// Data can be written.
    @inlinable public static var writable: Readiness { Readiness(rawValue: 2) }
    /// Both directions are closed, or an error is pending. Always reported; by select as readiness
    /// for the events of interest, if there are any.
    @inlinable public static var hangUp: Readiness { Readiness(rawValue: 4) }
    /// The peer has shut down its sending direction, even if data is still unread (EPOLLRDHUP).
    /// Reported as `hangUp`; by select only while nothing is unread.
    @inlinable public static var endOfStream: Readiness { Readiness(rawValue: 8) }
}

extension Readiness: CustomStringConvertible {
    /// The names, as in `readable writable`; `nothing` if empty.
    public var description: String {
        let names: [(Readiness, String)] = [
            (.readable, "readable"), (.writable, "writable"), (.hangUp, "hang-up"),
            (.endOfStream, "end of stream"),
        ]
        let given = names.filter { contains($0.0) }.map(\.1)
        return given.isEmpty ? "nothing" : given.joined(separator: " ")
    }
}
