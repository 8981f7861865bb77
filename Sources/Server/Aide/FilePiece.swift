/// A piece of a file.
struct FilePiece: BitwiseCopyable, Equatable {
    /// More is not asked for at once.
    static let longest: Int64 = 1 << 20

    var offset: Int64
    var count: Int64

    /// What is left of it behind so many bytes.
    func rest(behind read: Int64) -> FilePiece {
        FilePiece(
            offset: offset.addingReportingOverflow(read).partialValue, count: count &- read)
    }

    var end: Int64 { offset.addingReportingOverflow(count).partialValue }
}
