public import Linux

/// The result of a path lookup.
@frozen
public struct FoundFile: BitwiseCopyable {
    /// The entry in the cache; -1 if the result is not cached.
    public let entry: Int32
    /// The errno(3) of a file that cannot be opened; 0 otherwise.
    public let error: Int32
    /// A descriptor that the caller must close, for a file that is not cached; -1 for none.
    public let descriptor: Int32
    /// The status of the file, if there is no error.
    public let fileStatus: FileStatus

    /// Creates a result.
    public init(
        entry: Int32 = -1, error: Int32 = 0, descriptor: Int32 = -1, fileStatus: FileStatus = .none
    ) {
        self.entry = entry
        self.error = error
        self.descriptor = descriptor
        self.fileStatus = fileStatus
    }

    /// True if the result is cached, so that a response built from it may be cached as well.
    public var isCached: Bool { entry >= 0 }
}

extension FoundFile {
    /// Looks up the path in the file system. `links` applies to the part after the first
    /// `rootCount` bytes.
    public init(_ path: CPath, count: Int, links: LinkRule, rootCount: Int) {
        self.init(opened: openForReading(path, count: count, links: links, below: rootCount))
    }

    /// Creates a result from an open(2) that succeeded or failed.
    public init(opened: Result<Int32, FileError>) {
        switch opened {
        case .failure(let error): self.init(error: error.code)
        case .success(let number):
            switch Linux.fileStatus(of: number) {
            case .success(let fileStatus): self.init(descriptor: number, fileStatus: fileStatus)
            case .failure(let error):
                closeDescriptor(number)
                self.init(error: error.code)
            }
        }
    }
}
