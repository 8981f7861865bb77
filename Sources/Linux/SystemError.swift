import Glibc

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
