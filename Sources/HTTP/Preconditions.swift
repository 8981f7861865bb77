/// What a representation is known by (RFC 9110, section 8.8).
public struct Validators: ~Escapable {
    /// How If-Modified-Since is read: the directive `if_modified_since`.
    public enum ModifiedSince: UInt8, BitwiseCopyable, Sendable {
        /// The field is ignored.
        case off
        /// Not modified when the times are the same.
        case exact
        /// Not modified when the file's time is not later than the field's.
        case before
    }

    /// When the file was last modified, in seconds since 1970; nil when that is not known.
    public let modified: Int64?
    /// The tag as it is sent, with its quotes; empty when the answer has none.
    public let etag: Span<UInt8>
    /// Another tag that the same version of the file was, or will be, sent with; empty for none.
    public let otherTag: Span<UInt8>
    /// How If-Modified-Since is read.
    public let modifiedSince: ModifiedSince

    /// The validators of an answer; they live as long as the tag's bytes.
    @_lifetime(copy etag)
    public init(modified: Int64?, etag: Span<UInt8>, modifiedSince: ModifiedSince = .exact) {
        self.init(
            modified: modified, etag: etag, otherTag: etag.slice(.empty),
            modifiedSince: modifiedSince)
    }

    /// The validators of an answer that may be known by another tag as well; they live as long as
    /// the tags' bytes.
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

/// The preconditions of a request (RFC 9110, section 13): one function for each field, and one
/// that puts them together.
public enum Preconditions {
    /// What is to be done with the request.
    public enum Outcome: UInt8, BitwiseCopyable, Sendable {
        /// The request goes on.
        case proceed
        /// 304 (RFC 9110, section 15.4.5).
        case notModified
        /// 412 (RFC 9110, section 15.5.13).
        case failed
    }

    /// What one field says.
    enum Condition {
        /// The field is not there, or cannot be read: it says nothing.
        case absent
        case isTrue
        case isFalse
    }

    /// Goes through the steps of RFC 9110, section 13.2.2, for a request whose answer without
    /// them would be 200. The steps' numbers are the RFC's; the fifth is `ByteRanges`. `method`
    /// overrides the request's own: an error page is fetched with GET.
    public static func evaluate(
        _ head: RequestHead, _ received: Span<UInt8>, _ validators: borrowing Validators,
        method: Method? = nil
    ) -> Outcome {
        // Nothing to do for most requests.
        guard head.isConditional else { return .proceed }
        let method = method ?? head.method
        let isRead = method == .get || method == .head
        // 1. and 2.: If-Unmodified-Since only where there is no If-Match.
        switch ifMatch(head, received, validators) {
        case .isTrue: break
        case .isFalse: return .failed
        case .absent:
            if ifUnmodifiedSince(head, received, validators) == .isFalse { return .failed }
        }
        // 3. and 4.: If-Modified-Since only where there is no If-None-Match.
        switch ifNoneMatch(head, received, validators) {
        case .isTrue: return .proceed
        case .isFalse: return isRead ? .notModified : .failed
        case .absent:
            guard isRead else { return .proceed }
            return ifModifiedSince(head, received, validators) == .isFalse
                ? .notModified : .proceed
        }
    }

    /// The bits of the fields that are looked at here.
    static var conditional: UInt32 {
        1 << UInt32(FieldName.ifMatch.rawValue)
            | 1 << UInt32(FieldName.ifUnmodifiedSince.rawValue)
            | 1 << UInt32(FieldName.ifNoneMatch.rawValue)
            | 1 << UInt32(FieldName.ifModifiedSince.rawValue)
    }

    /// RFC 9110, section 13.1.1: true when one of the tags is the file's, and both are strong.
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

    /// RFC 9110, section 13.1.4: true when the file is not newer than the date.
    static func ifUnmodifiedSince(
        _ head: RequestHead, _ received: Span<UInt8>, _ validators: borrowing Validators
    ) -> Condition {
        guard let field = head.field(.ifUnmodifiedSince), let modified = validators.modified,
            let date = HTTPDate.parse(received.slice(field))
        else { return .absent }
        return modified <= date ? .isTrue : .isFalse
    }

    /// RFC 9110, section 13.1.2: false when one of the tags is the file's, weak or not.
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

    /// RFC 9110, section 13.1.3: false when the file was not modified since the date.
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
