/// What a caller wants to be told of a descriptor, and what it is told.
@frozen
public struct Readiness: OptionSet, BitwiseCopyable, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// From its bits.
    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// There is something to read, or the end of the stream.
    @inlinable public static var readable: Readiness { Readiness(rawValue: 1) }
    /// There is room to write.
    @inlinable public static var writable: Readiness { Readiness(rawValue: 2) }
    /// Both directions are gone, or an error is pending. Reported whether asked for or not.
    @inlinable public static var hangUp: Readiness { Readiness(rawValue: 4) }
    /// The other side has sent all that it will, whether that has been read or not (EPOLLRDHUP).
    /// Reported as `hangUp`.
    @inlinable public static var endOfStream: Readiness { Readiness(rawValue: 8) }
}
