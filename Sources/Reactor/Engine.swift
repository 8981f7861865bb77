/// The kernel's ways to wait for many descriptors that the poller can use.
@frozen
public enum Engine: String, CaseIterable, BitwiseCopyable, Sendable {
    /// epoll(7): the kernel keeps the set of descriptors.
    case epoll
    /// poll(2): the set is an array that every call hands over.
    case poll
    /// select(2): the set is three maps of 1,024 bits that every call hands over.
    case select

    /// Descriptors from this number on cannot be watched.
    @inlinable
    public var descriptorLimit: Int32 { self == .select ? 1024 : Int32.max }
}
