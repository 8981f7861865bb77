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
    /// Both directions are gone, or an error is pending. Reported whether asked for or not; by
    /// select as readiness for what was asked, if anything was.
    @inlinable public static var hangUp: Readiness { Readiness(rawValue: 4) }
    /// The other side has sent all that it will, whether that has been read or not (EPOLLRDHUP).
    /// Reported as `hangUp`; by select only as long as nothing is unread.
    @inlinable public static var endOfStream: Readiness { Readiness(rawValue: 8) }
}

extension Readiness: CustomStringConvertible {
    /// The names, as in `readable writable`; `nothing` without one.
    public var description: String {
        let names: [(Readiness, String)] = [
            (.readable, "readable"), (.writable, "writable"), (.hangUp, "hang-up"),
            (.endOfStream, "end of stream"),
        ]
        let given = names.filter { contains($0.0) }.map(\.1)
        return given.isEmpty ? "nothing" : given.joined(separator: " ")
    }
}
