/// A way in which the response to a request can change: how it is set up, and how it is changed
/// repeatedly.
struct ChangeKind: Sendable {
    let name: String
    /// Lines of the server block; PREFIX is replaced by the kind's path in a URL, PLACE by its
    /// directory.
    var configuration = ""
    /// The end of the target, below the kind's prefix. NUMBER is replaced by the number of the
    /// change, for kinds whose changes create new names.
    var target = "a.txt"
    var fields: [String] = []
    /// True if the compressed variant is cached before each change.
    var isCompressedBefore = false
    var needsRoot = false
    /// Creates the state before the first change, and returns the expected content.
    let setUp: @Sendable (ChangeSite) throws -> ExpectedContent
    /// Makes change `number`, from 1, and returns the expected content.
    let change: @Sendable (ChangeSite, Int) throws -> ExpectedContent

    static let all = fileKinds + linkKinds + directoryKinds + nameKinds + mountKinds
}

/// The expected response.
enum ExpectedContent {
    case status(Int)
    /// 200, or `status`, with the content of the file at a path.
    case file(String, status: Int = 200)
    /// The content of the file at a path, as the gzip coding of another one.
    case sidecar(String)
    /// The file at a path, compressed or not.
    case compressed(String)
    /// A generated page that contains a text.
    case page(containing: String)
}
