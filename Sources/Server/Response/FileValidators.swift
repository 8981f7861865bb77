import HTTP
import Linux

/// The values that a file's validators are built from (RFC 9110, section 8.8).
struct FileValidators: BitwiseCopyable {
    /// The mtime in seconds since 1970.
    let modified: Int64
    /// The size in bytes.
    let size: Int64
    /// The nanoseconds of ctime.
    let changedNanoseconds: UInt32
    /// True if the time does not distinguish versions: it is within two seconds of now, so that
    /// another change may have the same second, or it is a fixed one, as in container images. The
    /// tag is longer then.
    let mtimeIsAmbiguous: Bool

    /// The seconds after a change during which the time is ambiguous.
    static let ambiguousSeconds: Int64 = 2

    init(_ fileStatus: FileStatus, now: Int64) {
        modified = fileStatus.modified
        size = fileStatus.size
        changedNanoseconds = fileStatus.changedNanoseconds
        let (age, overflow) = now.subtractingReportingOverflow(fileStatus.modified)
        mtimeIsAmbiguous =
            fileStatus.modified == 0 || fileStatus.modified == 1
            || !overflow && age < FileValidators.ambiguousSeconds
    }

    /// Calls `body` with the validators for preconditions. A client may have received the tag in
    /// either form; both identify this version of the file.
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
    func writeTag(isLong: Bool, isWeak: Bool, into writer: inout ByteWriter) {
        if isLong {
            EntityTag.write(
                modified: modified, size: size, changedNanoseconds: changedNanoseconds,
                isWeak: isWeak, into: &writer)
        } else {
            EntityTag.write(modified: modified, size: size, isWeak: isWeak, into: &writer)
        }
    }
}
