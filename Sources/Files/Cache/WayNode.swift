import Linux

/// A name on the way to files: a directory, or a symbolic link or `..` that leads to one.
///
/// Nodes form a tree by the names of paths as they are written. A node keeps those that it depends
/// on: its parent, and the node that a link leads to. Names that do not exist have no node.
struct WayNode {
    /// What the name leads to.
    enum State {
        /// A directory whose changes the kernel notifies of.
        case watched
        /// Nothing, or no directory. A change will be notified.
        case missing
        /// A directory that cannot be watched, or whose file system does not notify of changes.
        case unwatched
    }

    var state = State.unwatched
    /// The node of the directory that has the name; -1 for `/`.
    var parent: Int32 = -1
    /// The node where a link or `..` ends; -1 for a directory.
    var target: Int32 = -1
    /// The directory's own node: this one's, or for a link the one that it leads to in the end.
    var resolved: Int32 = -1
    var name: [UInt8] = []
    /// The directory's path without links; empty for `/`, and for a link.
    var physical: [UInt8] = []
    /// The place of the directory's watch, which the node has a reference to; -1 for none.
    var place: Int32 = -1
    /// The key of the name in its directory, and of the name that the target of a link lacks.
    var key = WatchTable.noKey
    var missingKey = WatchTable.noKey
    /// How many symbolic links lead from the name to its end.
    var links = 0
    /// The epoch in which the name was looked up.
    var epoch: UInt64 = 0
    /// How many entries of the cache and other nodes depend on this one.
    var references = 0
    var hash: UInt64 = 0

    /// Bytes of memory: the node and its two arrays, two cells of the index, two names and a watch
    /// in the table, and its links.
    var cost: Int64 { WayNode.fixedCost &+ Int64(name.count) &+ Int64(physical.count) }

    private static let fixedCost =
        Int64(MemoryLayout<WayNode>.stride) &+ 2 &* 32 &+ 2 &* 8 &+ WatchTable.cost(names: 2) &+ 12
}
