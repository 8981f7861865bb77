/// The validators of a representation (RFC 9110, section 8.8).
public struct Validators: ~Escapable {
    /// The interpretation of If-Modified-Since: the directive `if_modified_since`.
    public enum ModifiedSince: UInt8, BitwiseCopyable, Sendable {
        /// The header is ignored.
        case off
        /// Not modified when the times are the same.
        case exact
        /// Not modified when the file's time is not later than the header's.
        case before
    }

    /// The time of the last modification, in seconds since 1970; nil if unknown.
    public let modified: Int64?
    /// The entity tag as it is sent, with its quotes; empty if the response has none.
    public let etag: Span<UInt8>
    /// Another tag that the same version of the file was, or will be, sent with; empty for none.
    public let otherTag: Span<UInt8>
    /// The interpretation of If-Modified-Since.
    public let modifiedSince: ModifiedSince

    /// Creates the validators of a response. They live as long as the tag's bytes.
    @_lifetime(copy etag)
    public init(modified: Int64?, etag: Span<UInt8>, modifiedSince: ModifiedSince = .exact) {
        self.init(
            modified: modified, etag: etag, otherTag: etag.slice(.empty),
            modifiedSince: modifiedSince)
    }

    /// Creates the validators of a response that may have a second tag. They live as long as the
    /// tags' bytes.
    @_lifetime(copy etag, copy otherTag)
    public init(
        modified: Int64?, etag: Span<UInt8>, otherTag: Span<UInt8>,
        modifiedSince: ModifiedSince = .exact
    ) {
        self.modified = modified
        self.etag = etag
        self.otherTag = otherTag
        self.modifiedSince = modifiedSince
    }
}

/// The preconditions of a request (RFC 9110, section 13): one function for each header, and one
/// that combines them.
public enum Preconditions {
    /// The result of evaluating the preconditions.
    public enum Outcome: UInt8, BitwiseCopyable, Sendable {
        /// The request is processed normally.
        case proceed
        /// 304 (RFC 9110, section 15.4.5).
        case notModified
        /// 412 (RFC 9110, section 15.5.13).
        case failed
    }

    /// The result of one header.
    enum Condition {
        /// The header is missing or invalid: it is ignored.
        case absent
        case isTrue
        case isFalse
    }

    /// Evaluates the steps of RFC 9110, section 13.2.2, for a request whose response would
    /// otherwise be 200. The steps are numbered as in the RFC; the fifth is `ByteRanges`. `method`
    /// overrides the request's own: an error page is fetched with GET.
    public static func evaluate(
        _ head: RequestHead, _ received: Span<UInt8>, _ validators: borrowing Validators,
        method: Method? = nil
    ) -> Outcome {
        // Most requests have no preconditions.
        guard head.isConditional else { return .proceed }
        let method = method ?? head.method
        let isRead = method == .get || method == .head
        // 1. and 2.: If-Unmodified-Since counts only without If-Match.
        switch ifMatch(head, received, validators) {
        case .isTrue: break
        case .isFalse: return .failed
        case .absent:
            if ifUnmodifiedSince(head, received, validators) == .isFalse { return .failed }
        }
        // 3. and 4.: If-Modified-Since counts only without If-None-Match.
        switch ifNoneMatch(head, received, validators) {
        case .isTrue: return .proceed
        case .isFalse: return isRead ? .notModified : .failed
        case .absent:
            guard isRead else { return .proceed }
            return ifModifiedSince(head, received, validators) == .isFalse
                ? .notModified : .proceed
        }
    }

    /// The bits of the headers that are evaluated here.
    static var conditional: UInt32 {
        1 << UInt32(FieldName.ifMatch.rawValue)
            | 1 << UInt32(FieldName.ifUnmodifiedSince.rawValue)
            | 1 << UInt32(FieldName.ifNoneMatch.rawValue)
            | 1 << UInt32(FieldName.ifModifiedSince.rawValue)
    }

    /// Evaluates If-Match (RFC 9110, section 13.1.1): true if one of the tags is the file's, and
    /// both are strong.
    static func ifMatch(
        _ head: RequestHead, _ received: Span<UInt8>, _ validators: borrowing Validators
    ) -> Condition {
        guard head.has(.ifMatch) else { return .absent }
        let (tag, otherTag) = (validators.etag, validators.otherTag)
        let isMatched = head.hasLine(of: .ifMatch, in: received) { tags in
            EntityTag.strongMatch(tag, in: tags) || EntityTag.strongMatch(otherTag, in: tags)
        }
        return isMatched ? .isTrue : .isFalse
    }

    /// Evaluates If-Unmodified-Since (RFC 9110, section 13.1.4): true if the file is not newer than
    /// the date.
    static func ifUnmodifiedSince(
        _ head: RequestHead, _ received: Span<UInt8>, _ validators: borrowing Validators
    ) -> Condition {
        guard let field = head.field(.ifUnmodifiedSince), let modified = validators.modified,
            let date = HTTPDate.parse(received.slice(field))
        else { return .absent }
        return modified <= date ? .isTrue : .isFalse
    }

    /// Evaluates If-None-Match (RFC 9110, section 13.1.2): false if one of the tags is the file's,
    /// weak or not.
    static func ifNoneMatch(
        _ head: RequestHead, _ received: Span<UInt8>, _ validators: borrowing Validators
    ) -> Condition {
        guard head.has(.ifNoneMatch) else { return .absent }
        let (tag, otherTag) = (validators.etag, validators.otherTag)
        let isMatched = head.hasLine(of: .ifNoneMatch, in: received) { tags in
            EntityTag.weakMatch(tag, in: tags) || EntityTag.weakMatch(otherTag, in: tags)
        }
        return isMatched ? .isFalse : .isTrue
    }

    /// Evaluates If-Modified-Since (RFC 9110, section 13.1.3): false if the file was not modified
    /// since the date.
    static func ifModifiedSince(
        _ head: RequestHead, _ received: Span<UInt8>, _ validators: borrowing Validators
    ) -> Condition {
        guard let field = head.field(.ifModifiedSince), let modified = validators.modified,
            validators.modifiedSince != .off,
            let date = HTTPDate.parse(received.slice(field))
        else { return .absent }
        if modified == date { return .isFalse }
        return validators.modifiedSince == .before && modified < date
            ? .isFalse : .isTrue
    }
}

/// The entity tag that nginx builds from a file's time and size (RFC 9110, section 8.8.3).
public enum EntityTag {
    /// Writes `"MODIFIED-SIZE"` in hexadecimal, with `W/` before it if `isWeak`. Times are in
    /// seconds since 1970, sizes in bytes.
    public static func write(
        modified: Int64, size: Int64, isWeak: Bool = false, into writer: inout ByteWriter
    ) {
        if isWeak { writer.append("W/") }
        writer.append(byte: 0x22)
        write(modified, into: &writer)
        writer.append(byte: 0x2D)
        write(size, into: &writer)
        writer.append(byte: 0x22)
    }

    /// Writes the longer form, `"MODIFIED-SIZE-NANOSECONDS"`, with the nanoseconds of ctime: it
    /// distinguishes versions with the same second and the same size.
    public static func write(
        modified: Int64, size: Int64, changedNanoseconds: UInt32, isWeak: Bool = false,
        into writer: inout ByteWriter
    ) {
        if isWeak { writer.append("W/") }
        writer.append(byte: 0x22)
        write(modified, into: &writer)
        writer.append(byte: 0x2D)
        write(size, into: &writer)
        writer.append(byte: 0x2D)
        writer.append(hexadecimal: UInt64(changedNanoseconds))
        writer.append(byte: 0x22)
    }

    private static func write(_ number: Int64, into writer: inout ByteWriter) {
        if number < 0 { writer.append(byte: 0x2D) }
        writer.append(hexadecimal: number.magnitude)
    }

    /// Returns true if a tag is marked as weak.
    public static func isWeak(_ tag: Span<UInt8>) -> Bool {
        tag.count > 2 && tag[0] == 0x57 && tag[1] == 0x2F
    }

    /// Returns true if the value of an If-None-Match header, a list or `*`, has the tag, weak or
    /// not (RFC 9110, section 8.8.3.2). An empty tag, for a file without one, only matches `*`.
    public static func weakMatch(_ tag: Span<UInt8>, in list: Span<UInt8>) -> Bool {
        if isAny(list) { return true }
        let opaque = isWeak(tag) ? tag.extracting(droppingFirst: 2) : tag
        return contains(opaque, in: list, ignoringWeakness: true)
    }

    /// Returns true if the value of an If-Match header, a list or `*`, has the tag and neither is
    /// weak (RFC 9110, section 8.8.3.2). An empty tag, for a file without one, only matches `*`.
    public static func strongMatch(_ tag: Span<UInt8>, in list: Span<UInt8>) -> Bool {
        if isAny(list) { return true }
        return !isWeak(tag) && contains(tag, in: list, ignoringWeakness: false)
    }

    private static func isAny(_ list: Span<UInt8>) -> Bool {
        list.count == 1 && list[0] == 0x2A
    }

    /// Searches a list as nginx's ngx_http_test_if_match does: members are separated by commas.
    private static func contains(
        _ tag: Span<UInt8>, in list: Span<UInt8>, ignoringWeakness: Bool
    ) -> Bool {
        guard tag.count > 0 else { return false }
        var start = 0
        while start < list.count {
            let comma = list.firstIndex(of: 0x2C, from: start) ?? list.count
            var member = list.slice(from: start, to: comma).trimmed()
            if ignoringWeakness, isWeak(member) { member = member.extracting(droppingFirst: 2) }
            if member.equals(tag) { return true }
            start = comma &+ 1
        }
        return false
    }
}
