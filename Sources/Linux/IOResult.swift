import Glibc

/// What a read or a write on a descriptor came to.
@frozen
public enum IOResult: Equatable, Sendable {
    /// So many bytes; 0 from a read is the end of the stream.
    case bytes(Int)
    /// EAGAIN: the descriptor is not ready.
    case wouldBlock
    /// Any other errno(3).
    case failed(Int32)

    /// From a system call's return value and errno(3). EINTR never gets here: the calls repeat it.
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
