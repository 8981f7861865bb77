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
