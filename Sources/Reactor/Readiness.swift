/// The events that a caller is interested in, and those that were reported.
@frozen
public struct Readiness: OptionSet, BitwiseCopyable, Sendable {
    /// The bits.
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
