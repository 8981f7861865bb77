/// The request headers that the server acts on, or that logs and variables read so often that their
/// positions are stored.
public enum FieldName: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    case host, connection, contentLength, transferEncoding, expect
    case range, ifRange, ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince
    case acceptEncoding, userAgent, referer, via, authorization, cookie
    case xForwardedFor, keepAlive, upgrade

    /// Looks up a name in any case (RFC 9110, section 5.1); nil for all others.
    public init?(name: Span<UInt8>) {
        guard let field = FieldName.find(in: name, at: 0, count: name.count) else { return nil }
        self = field
    }

    /// Returns the field whose name is the `count` bytes at `offset`, which must be in the span.
    @inline(__always)
    static func find(in bytes: Span<UInt8>, at offset: Int, count: Int) -> FieldName? {
        @inline(__always)
        func isNamed(_ name: StaticString) -> Bool {
            bytes.matches(name, at: offset, foldsCase: true)
        }
        switch count {
        case 3: return isNamed("via") ? .via : nil
        case 4: return isNamed("host") ? .host : nil
        case 5: return isNamed("range") ? .range : nil
        case 6: return isNamed("cookie") ? .cookie : isNamed("expect") ? .expect : nil
        case 7: return isNamed("referer") ? .referer : isNamed("upgrade") ? .upgrade : nil
        case 8: return isNamed("if-range") ? .ifRange : isNamed("if-match") ? .ifMatch : nil
        case 10:
            if isNamed("user-agent") { return .userAgent }
            if isNamed("connection") { return .connection }
            return isNamed("keep-alive") ? .keepAlive : nil
        case 13:
            if isNamed("if-none-match") { return .ifNoneMatch }
            return isNamed("authorization") ? .authorization : nil
        case 14: return isNamed("content-length") ? .contentLength : nil
        case 15:
            if isNamed("accept-encoding") { return .acceptEncoding }
            return isNamed("x-forwarded-for") ? .xForwardedFor : nil
        case 17:
            if isNamed("if-modified-since") { return .ifModifiedSince }
            return isNamed("transfer-encoding") ? .transferEncoding : nil
        case 19: return isNamed("if-unmodified-since") ? .ifUnmodifiedSince : nil
        default: return nil
        }
    }

    /// True if the value is a list: several lines are one list (RFC 9110, section 5.3), which
    /// nginx refuses all the same and `strict_requests` accepts.
    var isList: Bool { self == .ifMatch || self == .ifNoneMatch || self == .expect }

    /// True if a request with two lines of the field is refused, as in nginx.
    var isUnique: Bool {
        switch self {
        case .host, .contentLength, .transferEncoding, .expect, .ifRange, .ifMatch, .ifNoneMatch,
            .ifModifiedSince, .ifUnmodifiedSince, .authorization:
            return true
        default:
            return false
        }
    }
}
