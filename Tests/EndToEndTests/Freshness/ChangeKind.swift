/// One way in which what a request gets can change: how it is set up, and how it is changed again
/// and again.
struct ChangeKind: Sendable {
    let name: String
    /// Lines of the server block; PREFIX stands for the kind's path in a URL, PLACE for its folder.
    var configuration = ""
    /// The end of the target, below the kind's prefix. NUMBER stands for that of the change, in a
    /// kind whose every change makes a name that was never there.
    var target = "a.txt"
    var fields: [String] = []
    /// What gzip makes of it is in memory before each change.
    var isCompressedBefore = false
    var needsRoot = false
    /// Makes what is there before the first change, and says what a request gets then.
    let setUp: @Sendable (ChangeSite) throws -> ExpectedContent
    /// Makes the change of that number, from 1, and says what a request gets from then on.
    let change: @Sendable (ChangeSite, Int) throws -> ExpectedContent

    static let all = fileKinds + linkKinds + directoryKinds + nameKinds + mountKinds
}

/// What a request gets.
enum ExpectedContent {
    case status(Int)
    /// 200, or `status`, with the bytes of the file at that path.
    case file(String, status: Int = 200)
    /// The bytes of the file at that path as the gzip coding of another one.
    case sidecar(String)
    /// The file at that path, whether gzip was done to it or not.
    case compressed(String)
    /// A made page with this in it.
    case page(containing: String)
}
