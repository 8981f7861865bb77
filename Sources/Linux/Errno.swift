import Glibc

/// errno(3) values that callers distinguish.
public enum Errno {
    /// EAGAIN
    public static var again: Int32 { EAGAIN }
    /// EINTR
    public static var interrupted: Int32 { EINTR }
    /// ECONNREFUSED
    public static var connectionRefused: Int32 { ECONNREFUSED }
    /// ECONNABORTED
    public static var connectionAborted: Int32 { ECONNABORTED }
    /// EPROTO
    public static var protocolError: Int32 { EPROTO }
    /// EMFILE
    public static var tooManyFiles: Int32 { EMFILE }
    /// ENFILE
    public static var tooManyFilesInSystem: Int32 { ENFILE }
    /// ENOMEM
    public static var noMemory: Int32 { ENOMEM }
    /// ENOBUFS
    public static var noBuffers: Int32 { ENOBUFS }
    /// EIO
    public static var ioError: Int32 { EIO }
    /// ESTALE
    public static var staleFile: Int32 { ESTALE }
    /// ENOENT
    public static var noEntry: Int32 { ENOENT }
    /// ENOTDIR
    public static var noDirectory: Int32 { ENOTDIR }
    /// EACCES
    public static var accessDenied: Int32 { EACCES }
    /// EFBIG
    public static var fileTooLarge: Int32 { EFBIG }
    /// EMSGSIZE
    public static var messageTooLong: Int32 { EMSGSIZE }
    /// EINVAL
    public static var invalid: Int32 { EINVAL }
    /// EBADF
    public static var badDescriptor: Int32 { EBADF }
    /// ENAMETOOLONG
    public static var nameTooLong: Int32 { ENAMETOOLONG }
}
