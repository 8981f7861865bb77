import Linux

/// A name on the path of files: a directory, or a symbolic link or `..` that leads to one.
///
/// Nodes form a tree by the names in paths. A node holds references to those that it depends on:
/// its parent, and the node that a link leads to. Names that do not exist have no node.
struct WatchedDirectory {
    /// The target of the name.
    enum State {
        /// A directory whose changes the kernel notifies of.
        case watched
        /// A missing name, or one that is not a directory. The kernel notifies of changes.
        case missing
        /// A directory that cannot be watched, or whose file system does not notify of changes.
        case unwatched
    }

    var state = State.unwatched
    /// The node of the directory that contains the name; -1 for `/`.
    var parent: Int32 = -1
    /// The node that a link or `..` leads to; -1 for a directory.
    var target: Int32 = -1
    /// The node of the directory itself: this node, or the one that a link finally leads to.
    var resolved: Int32 = -1
    var name: [UInt8] = []
    /// The directory's path without links; empty for `/` and for a link.
    var physical: [UInt8] = []
    /// The index of the directory's watch, which the node has a reference to; -1 for none.
    var place: Int32 = -1
    /// The key of the name in its directory, and of the missing name in the target of a link.
    var key = WatchTable.noKey
    var missingKey = WatchTable.noKey
    /// The number of symbolic links between the name and its final target.
    var links = 0
    /// The epoch in which the name was looked up.
    var epoch: UInt64 = 0
    /// The number of cache entries and other nodes that depend on this one.
    var references = 0
    var hash: UInt64 = 0

    /// Bytes of memory: the node and its two arrays, two cells of the index, two names and a watch
    /// in the table, and its links.
    var cost: Int64 { WatchedDirectory.fixedCost &+ Int64(name.count) &+ Int64(physical.count) }

    private static let fixedCost =
        Int64(MemoryLayout<WatchedDirectory>.stride) &+ 2 &* 32 &+ 2 &* 8
        &+ WatchTable.cost(names: 2) &+ 12
}
