import Glibc

/// The result of a read or write on a descriptor.
@frozen
public enum IOResult: Equatable, Sendable {
    /// The number of bytes; 0 from a read is the end of the stream.
    case bytes(Int)
    /// EAGAIN: the descriptor is not ready.
    case wouldBlock
    /// Any other errno(3).
    case failed(Int32)

    /// Creates a result from a system call's return value and errno(3). EINTR does not occur: the
    /// calls repeat it.
    @inline(__always)
    init(_ returned: Int) {
        if returned >= 0 {
            self = .bytes(returned)
        } else {
            let code = errno
            self = code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(code)
        }
    }
}
