import Glibc

/// Owns a file descriptor and closes it at the end of its lifetime.
public struct Descriptor: ~Copyable {
    /// The number, valid as long as this value lives.
    public let number: Int32

    /// Takes ownership of `number`.
    public init(owning number: Int32) { self.number = number }

    deinit { closeDescriptor(number) }

    /// Returns the number, which the caller owns from then on.
    public consuming func detach() -> Int32 {
        let number = self.number
        discard self
        return number
    }
}

/// Calls close(2). Linux frees the number even on errors, so that there is nothing to repeat.
public func closeDescriptor(_ number: Int32) {
    _ = close(number)
}
