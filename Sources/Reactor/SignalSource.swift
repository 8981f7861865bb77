import CLinux
public import Linux

/// Signals as a readable descriptor: signalfd(2). The signals are blocked in the process from then
/// on.
public struct SignalSource: ~Copyable {
    private let owned: Descriptor

    /// The descriptor to register.
    public var descriptor: Int32 { owned.number }

    /// Blocks `signals`, given by their numbers (signal(7)), and opens a descriptor for them.
    public init(_ signals: [Int32]) throws(SystemError) {
        var mask: UInt64 = 0
        for number in signals where number >= 1 && number <= 64 {
            mask |= 1 << UInt64(number &- 1)
        }
        let returned = clinux_signal_descriptor(mask)
        guard returned >= 0 else { throw SystemError("signalfd()", code: returned) }
        owned = Descriptor(owning: returned)
    }

    /// Reads the next signal; nil if there is none.
    public func next() -> Int32? {
        let number = clinux_next_signal(descriptor)
        return number > 0 ? number : nil
    }
}
