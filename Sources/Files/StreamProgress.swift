/// What one call of something that turns a stream of bytes into another came to.
@frozen
public struct StreamProgress: Equatable, Sendable {
    /// Bytes of the input that need not be given again.
    public let consumed: Int
    /// Bytes written to the output.
    public let produced: Int
    /// All is out: nothing follows.
    public let isFinished: Bool
    /// The stream cannot be completed: its input is damaged, or it was used after its end.
    public let isBroken: Bool

    /// Nothing was done, for want of room.
    static var none: StreamProgress {
        StreamProgress(consumed: 0, produced: 0, isFinished: false, isBroken: false)
    }

    /// The input makes no sense.
    static var broken: StreamProgress {
        StreamProgress(consumed: 0, produced: 0, isFinished: false, isBroken: true)
    }
}
