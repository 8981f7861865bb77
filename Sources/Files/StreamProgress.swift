/// The result of one call of a stream converter, such as ``Gzip``.
@frozen
public struct StreamProgress: Equatable, Sendable {
    /// The number of input bytes that were consumed.
    public let consumed: Int
    /// The number of output bytes that were written.
    public let produced: Int
    /// Whether all output was written.
    public let isFinished: Bool
    /// True if the stream cannot be completed: its input is damaged, or it was used after its end.
    public let isBroken: Bool

    /// No progress for lack of room.
    static var none: StreamProgress {
        StreamProgress(consumed: 0, produced: 0, isFinished: false, isBroken: false)
    }

    /// Damaged input.
    static var broken: StreamProgress {
        StreamProgress(consumed: 0, produced: 0, isFinished: false, isBroken: true)
    }
}
