import Linux

/// The sockets between the workers of a generation and its Aide: a pair for each worker process.
///
/// The master keeps the Aide's ends, so that an Aide that takes another's place gets them, and
/// hands those of new workers to the Aide that runs. No two workers share a pair: what a hostile
/// one does to its own (shutdown(2), empty packets) ends with it.
final class AideSockets {
    /// The Aide's end of each worker process's pair.
    private var ends: [Int32: Int32] = [:]
    /// The line by which the Aide that runs gets the ends of workers that start after it.
    private var control: (master: Int32, aide: Int32) = (-1, -1)

    deinit { close() }

    // MARK: the master

    /// Makes the pair of a worker that is about to be forked.
    static func openPair() throws(SystemError) -> (worker: Int32, aide: Int32) {
        let ends = try openSocketPair()
        return (worker: ends.0, aide: ends.1)
    }

    /// Keeps the Aide's end of a worker that was forked, and hands it to the Aide.
    func add(_ end: Int32, of process: Int32) {
        ends[process] = end
        if control.master >= 0 { _ = send(control.master, [1], passing: end) }
    }

    /// A worker has ended: nobody takes its place at this pair.
    func remove(_ process: Int32) {
        if let end = ends.removeValue(forKey: process) { closeDescriptor(end) }
    }

    /// Before an Aide is forked: it inherits all ends that there are, and gets others by a new
    /// line.
    func openControl() throws(SystemError) {
        closeControl()
        let ends = try openSocketPair()
        control = (master: ends.0, aide: ends.1)
    }

    /// After an Aide was forked: only it has its end of the line.
    func closeAideControl() {
        if control.aide >= 0 { closeDescriptor(control.aide) }
        control.aide = -1
    }

    private func closeControl() {
        closeAideControl()
        if control.master >= 0 { closeDescriptor(control.master) }
        control.master = -1
    }

    /// Closes everything: nobody takes anybody's place any more, or this process has nothing to do
    /// with it.
    func close() {
        for end in ends.values { closeDescriptor(end) }
        ends = [:]
        closeControl()
    }

    // MARK: the Aide

    /// In the Aide: its ends, and its end of the line to the master.
    func keepAides() -> (sockets: [Int32], control: Int32) {
        let own = (sockets: Array(ends.values), control: control.aide)
        ends = [:]
        control.aide = -1
        closeControl()
        return own
    }
}
