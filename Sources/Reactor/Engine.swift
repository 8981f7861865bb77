/// The system calls for waiting on many descriptors that the poller can use.
@frozen
public enum Engine: String, CaseIterable, BitwiseCopyable, Sendable {
    /// epoll(7): the kernel stores the set of descriptors.
    case epoll
    /// poll(2): the set is an array that is passed with every call.
    case poll
    /// select(2): the set is three bitmaps of 1,024 bits that are passed with every call.
    case select

    /// Descriptors from this number on cannot be watched.
    @inlinable
    public var descriptorLimit: Int32 { self == .select ? 1024 : Int32.max }
}
