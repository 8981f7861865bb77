public import Linux

/// What looking up a path came to.
@frozen
public struct FoundFile: BitwiseCopyable {
    /// Its entry in the cache; -1 where it is not kept.
    public let entry: Int32
    /// errno(3) of why it cannot be opened; 0 when it can.
    public let error: Int32
    /// The caller's descriptor of a file that is not kept, to be closed; -1 for none.
    public let descriptor: Int32
    /// What it is, when there is no error.
    public let facts: FileFacts

    /// What was found.
    public init(
        entry: Int32 = -1, error: Int32 = 0, descriptor: Int32 = -1, facts: FileFacts = .none
    ) {
        self.entry = entry
        self.error = error
        self.descriptor = descriptor
        self.facts = facts
    }

    /// It is kept, so that an answer made of it may be.
    public var isKept: Bool { entry >= 0 }
}

extension FoundFile {
    /// Looks at what is there now. `links` holds for what stands behind the first `rootCount` bytes
    /// of the path.
    public init(_ path: CPath, count: Int, links: LinkRule, rootCount: Int) {
        self.init(opened: openForReading(path, count: count, links: links, below: rootCount))
    }

    /// What was opened, or why it was not.
    public init(opened: Result<Int32, FileError>) {
        switch opened {
        case .failure(let error): self.init(error: error.code)
        case .success(let number):
            switch Linux.facts(of: number) {
            case .success(let facts): self.init(descriptor: number, facts: facts)
            case .failure(let error):
                closeDescriptor(number)
                self.init(error: error.code)
            }
        }
    }
}
