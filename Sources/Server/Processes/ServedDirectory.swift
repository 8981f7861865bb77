import Linux

/// The directory of `apus serve`, by a name that is resolved for each request: if it is a symbolic
/// link that is switched to a new release, the new release is served.
public struct ServedDirectory {
    /// The absolute path in the configuration.
    public let root: String
    /// The path for messages.
    public let name: String

    /// Resolves the directory `operand`. Throws SystemError if it does not exist, is no directory,
    /// or may not be searched.
    public init(_ operand: String) throws(SystemError) {
        let found = withCPath(Array("\(operand)/.".utf8)) { fileStatus(of: $0) }
        if case .failure(let error) = found { throw SystemError("stat()", code: error.code) }
        let segments = operand.split(separator: "/").filter { $0 != "." }
        var kept = segments[...]
        var base = operand.hasPrefix("/") ? [] : try currentDirectory()
        // `..` of a directory reached through a link is not the directory that contains the link.
        if let last = segments.lastIndex(of: "..") {
            kept = segments[segments.index(after: last)...]
            let prefix = segments[...last].joined(separator: "/")
            switch withCPath(base + Array("/\(prefix)".utf8), { realPath($0) }) {
            case .success(let real): base = real
            case .failure(let error): throw SystemError("realpath()", code: error.code)
            }
        }
        if base == [UInt8(ascii: "/")] { base = [] }
        let rest = kept.map { "/\($0)" }.joined()
        let text = String(decoding: base, as: UTF8.self)
        name = text.isEmpty && rest.isEmpty ? "/" : text + rest
        if Array(text.utf8) == base {
            root = name
        } else {
            // The configuration cannot express bytes that are not UTF-8.
            let start = operand.hasPrefix("/") ? "" : "/proc/self/cwd"
            root = start + segments.map { "/\($0)" }.joined()
        }
    }
}
