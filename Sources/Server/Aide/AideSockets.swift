import Linux

/// The sockets between the workers of a generation and its Aide: a pair for each worker. The master
/// keeps both ends, so that a worker or an Aide that takes another's place finds them as they were.
final class AideSockets {
    private var pairs: [(worker: Int32, aide: Int32)] = []

    static func open(workers: Int) throws(SystemError) -> AideSockets {
        let sockets = AideSockets()
        do throws(SystemError) {
            for _ in 0..<workers {
                let ends = try openSocketPair()
                sockets.pairs.append((worker: ends.0, aide: ends.1))
            }
        } catch {
            sockets.close()
            throw error
        }
        return sockets
    }

    /// In worker `index`: its own end, the others closed.
    func keepOnly(worker index: Int) -> Int32 {
        var own: Int32 = -1
        for (other, pair) in pairs.enumerated() {
            closeDescriptor(pair.aide)
            if other == index { own = pair.worker } else { closeDescriptor(pair.worker) }
        }
        pairs = []
        return own
    }

    /// In the Aide: its ends, the workers' closed: once they all have ended, so does it.
    func keepAides() -> [Int32] {
        defer { pairs = [] }
        for pair in pairs { closeDescriptor(pair.worker) }
        return pairs.map(\.aide)
    }

    /// In the master: nobody takes anybody's place any more.
    func close() {
        for pair in pairs {
            closeDescriptor(pair.worker)
            closeDescriptor(pair.aide)
        }
        pairs = []
    }
}
