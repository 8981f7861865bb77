/// What a request asks to be done (RFC 9110, section 9): the methods that nginx tells apart, those
/// of WebDAV (RFC 4918) among them.
public enum Method: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    case get, head, post, put, delete, options, trace, connect, patch
    case mkcol, copy, move, propfind, proppatch, lock, unlock
    /// A method by another name.
    case unknown

    /// The method of a name; names differ by case (RFC 9110, section 9.1).
    public init(name: Span<UInt8>) {
        self.init(in: name, at: 0, count: name.count)
    }

    /// The method whose name is the `count` bytes at `offset`.
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
