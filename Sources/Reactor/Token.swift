/// What an event belongs to: a slot of the caller's table and which of its users registered it.
///
/// A number that was closed and given to somebody else brings events of the former user along when
/// they were fetched in the same wait; they carry the former generation and are recognised by it.
@frozen
public struct Token: BitwiseCopyable, Hashable, Sendable {
    /// The caller's index.
    public let slot: UInt32
    /// Counts the users of the slot.
    public let generation: UInt32

    /// A token of a slot's user.
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
