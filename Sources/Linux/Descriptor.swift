import Glibc

/// Owns a file descriptor and closes it when it goes.
public struct Descriptor: ~Copyable {
    /// The number, valid as long as this value lives.
    public let number: Int32

    /// Takes over `number`.
    public init(owning number: Int32) { self.number = number }

    deinit { closeDescriptor(number) }

    /// Gives the number away without closing it.
    public consuming func release() -> Int32 {
        let number = self.number
        discard self
        return number
    }
}

/// close(2). Linux frees the number even when it reports an error, so that there is nothing to
/// repeat.
public func closeDescriptor(_ number: Int32) {
    _ = close(number)
}
