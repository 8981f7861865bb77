import Glibc

/// A system call that failed: which one, on what, and errno(3).
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call as its manual page writes it, for example `bind()`.
    public let call: String
    /// What it was asked to act on: a path, an address; empty when there is nothing to name.
    public let subject: String
    /// errno(3).
    public let code: Int32

    /// An error of `call` on `subject`; the sign of `code` does not matter.
    public init(_ call: String, _ subject: String = "", code: Int32) {
        self.call = call
        self.subject = subject
        self.code = code < 0 ? 0 &- code : code
    }

    /// `bind() to 0.0.0.0:80 failed (98: Address already in use)`, nginx's way to say it.
    public var description: String {
        let on = subject.isEmpty ? "" : " \(subject)"
        return "\(call)\(on) failed (\(code): \(SystemError.text(of: code)))"
    }

    /// What strerror(3) says of an errno.
    public static func text(of code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "unknown error" }
        return unsafe String(cString: text)
    }
}
