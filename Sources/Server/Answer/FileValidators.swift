import HTTP
import Linux

/// What a file's validators are made of (RFC 9110, section 8.8).
struct FileValidators: BitwiseCopyable {
    /// mtime, seconds since 1970.
    let modified: Int64
    /// Bytes.
    let size: Int64
    /// Nanoseconds of ctime.
    let changedNanoseconds: UInt32
    /// The time does not tell versions apart: it is within two seconds of now, so that another
    /// change may come in the same second, or it is a fixed one, as images have them. The tag is
    /// longer then.
    let isYoung: Bool

    /// How long a file is young, in seconds.
    static let youth: Int64 = 2

    init(_ facts: FileFacts, now: Int64) {
        modified = facts.modified
        size = facts.size
        changedNanoseconds = facts.changedNanoseconds
        let (age, overflow) = now.subtractingReportingOverflow(facts.modified)
        isYoung =
            facts.modified == 0 || facts.modified == 1 || !overflow && age < FileValidators.youth
    }

    /// Calls `body` with the validators as preconditions take them: a client may have got the tag
    /// in either form, and both are this version of the file's.
    func withTags<Result>(
        _ hasETag: Bool, _ rule: Validators.ModifiedSince = .exact,
        _ body: (borrowing Validators) -> Result
    ) -> Result {
        var tag = InlineText<64>()
        var otherTag = InlineText<64>()
        if hasETag {
            tag.write { writeTag(isLong: false, isWeak: false, into: &$0) }
            otherTag.write { writeTag(isLong: true, isWeak: false, into: &$0) }
        }
        return body(
            Validators(
                modified: modified, etag: tag.span, otherTag: otherTag.span, modifiedSince: rule))
    }

    /// Writes the tag in nginx's form, or in the longer one.
    func writeTag(isLong: Bool, isWeak: Bool, into writer: inout HeadWriter) {
        if isLong {
            EntityTag.write(
                modified: modified, size: size, changedNanoseconds: changedNanoseconds,
                isWeak: isWeak, into: &writer)
        } else {
            EntityTag.write(modified: modified, size: size, isWeak: isWeak, into: &writer)
        }
    }
}
