/// A piece of a file.
struct FilePiece: BitwiseCopyable, Equatable {
    /// The maximum size of one read request in bytes.
    static let maxCount: Int64 = 1 << 20

    var offset: Int64
    var count: Int64

    /// Returns the part after the first `read` bytes.
    func remainder(behind read: Int64) -> FilePiece {
        FilePiece(
            offset: offset.addingReportingOverflow(read).partialValue, count: count &- read)
    }

    var end: Int64 { offset.addingReportingOverflow(count).partialValue }
}
