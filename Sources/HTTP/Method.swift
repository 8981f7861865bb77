/// The method of a request (RFC 9110, section 9): those that nginx distinguishes, including those
/// of WebDAV (RFC 4918).
public enum Method: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    case get, head, post, put, delete, options, trace, connect, patch
    case mkcol, copy, move, propfind, proppatch, lock, unlock
    /// Any other method.
    case unknown

    /// Looks up a name, which is case-sensitive (RFC 9110, section 9.1).
    public init(name: Span<UInt8>) {
        self.init(in: name, at: 0, count: name.count)
    }

    /// Looks up the name in the `count` bytes at `offset`.
    init(in bytes: Span<UInt8>, at offset: Int, count: Int) {
        self = Method.find(in: bytes, at: offset, count: count)
    }

    private static func find(in bytes: Span<UInt8>, at offset: Int, count: Int) -> Method {
        func isNamed(_ name: StaticString) -> Bool {
            bytes.matches(name, at: offset, foldsCase: false)
        }
        switch count {
        case 3:
            if isNamed("GET") { return .get }
            return isNamed("PUT") ? .put : .unknown
        case 4:
            if isNamed("HEAD") { return .head }
            if isNamed("POST") { return .post }
            if isNamed("COPY") { return .copy }
            if isNamed("MOVE") { return .move }
            return isNamed("LOCK") ? .lock : .unknown
        case 5:
            if isNamed("MKCOL") { return .mkcol }
            if isNamed("PATCH") { return .patch }
            return isNamed("TRACE") ? .trace : .unknown
        case 6:
            if isNamed("DELETE") { return .delete }
            return isNamed("UNLOCK") ? .unlock : .unknown
        case 7:
            if isNamed("OPTIONS") { return .options }
            return isNamed("CONNECT") ? .connect : .unknown
        case 8:
            return isNamed("PROPFIND") ? .propfind : .unknown
        case 9:
            return isNamed("PROPPATCH") ? .proppatch : .unknown
        default:
            return .unknown
        }
    }
}
