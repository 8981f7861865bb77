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

/// A failed system call: its name, its subject, and errno(3).
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The name of the call as in its manual page, for example `bind()`.
    public let call: String
    /// The subject of the call: a path, an address; empty if there is none.
    public let subject: String
    /// The errno(3).
    public let code: Int32

    /// Creates an error of `call` on `subject`; the sign of `code` is ignored.
    public init(_ call: String, _ subject: String = "", code: Int32) {
        self.call = call
        self.subject = subject
        self.code = code < 0 ? 0 &- code : code
    }

    /// The message in nginx's format: `bind() to 0.0.0.0:80 failed (98: Address already in use)`.
    public var description: String {
        let on = subject.isEmpty ? "" : " \(subject)"
        return "\(call)\(on) failed (\(code): \(SystemError.text(of: code)))"
    }

    /// Returns the text of strerror(3) for an errno.
    public static func text(of code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "unknown error" }
        return unsafe String(cString: text)
    }
}

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
