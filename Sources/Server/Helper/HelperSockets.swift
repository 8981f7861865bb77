import Linux

/// The sockets between the workers of a generation and its helper process: a pair for each worker
/// process.
///
/// The master keeps the helper's ends, so that a replacement of the helper process inherits them,
/// and passes those of new workers to the running one. No two workers share a pair: damage that a
/// hostile worker does to its own (shutdown(2), empty packets) affects no other.
final class HelperSockets {
    /// The helper's end of each worker process's pair.
    private var ends: [Int32: Int32] = [:]
    /// The pair over which the running helper process receives the ends of workers that start
    /// later.
    private var control: (master: Int32, helper: Int32) = (-1, -1)

    deinit { close() }

    // MARK: the master

    /// Creates the pair of a worker before it is forked.
    static func openPair() throws(SystemError) -> (worker: Int32, helper: Int32) {
        let ends = try openSocketPair()
        return (worker: ends.0, helper: ends.1)
    }

    /// Stores the helper's end for a forked worker, and passes it to the helper process.
    func add(_ end: Int32, of process: Int32) {
        ends[process] = end
        if control.master >= 0 { _ = send(control.master, [1], passing: end) }
    }

    /// Removes the pair of a worker that has exited: no other worker uses it.
    func remove(_ process: Int32) {
        if let end = ends.removeValue(forKey: process) { closeDescriptor(end) }
    }

    /// Prepares the fork of a helper process: it inherits all existing ends, and receives others
    /// over a new pair.
    func openControl() throws(SystemError) {
        closeControl()
        let ends = try openSocketPair()
        control = (master: ends.0, helper: ends.1)
    }

    /// Closes the helper's end of the control pair after its fork.
    func closeHelperControl() {
        if control.helper >= 0 { closeDescriptor(control.helper) }
        control.helper = -1
    }

    private func closeControl() {
        closeHelperControl()
        if control.master >= 0 { closeDescriptor(control.master) }
        control.master = -1
    }

    /// Closes everything: when no replacements are started any more, or in a process that does not
    /// need the sockets.
    func close() {
        for end in ends.values { closeDescriptor(end) }
        ends = [:]
        closeControl()
    }

    // MARK: the helper process

    /// Keeps only the helper's ends, in the helper process. Returns them and its end of the control
    /// pair.
    func keepHelperEnds() -> (sockets: [Int32], control: Int32) {
        let own = (sockets: Array(ends.values), control: control.helper)
        ends = [:]
        control.helper = -1
        closeControl()
        return own
    }
}
