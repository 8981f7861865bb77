import Linux

/// The listening sockets of one generation. Plain numbers: a reload hands them on, so that who
/// closes what is said by `retire(for:)` and `close()`, not by a lifetime.
public final class ListenerSet {
    private var sockets: [ListeningSocket]

    private init(_ sockets: [ListeningSocket]) { self.sockets = sockets }

    /// Opens what `listens` ask for. Addresses that `old` has keep their descriptors, a group of
    /// `reuseport` grows; nothing that is open is closed, and when an address fails, what was
    /// opened is closed again.
    ///
    /// An address in use is tried again `retries` times, half a second apart, as nginx does: the
    /// server before this one may just be ending.
    public static func open(
        _ listens: [ListenPlan], workers: Int, keeping old: ListenerSet?, retries: Int
    ) throws(ListenFailures) -> ListenerSet {
        var sockets = listens.map { listen in
            let kept = old?.sockets.first { $0.address == listen.address }
            let count = listen.sockets(forWorkers: workers)
            return ListeningSocket(
                address: listen.address,
                descriptors: Array((kept?.descriptors ?? []).prefix(count)),
                file: kept?.file)
        }
        let keptCounts = sockets.map(\.descriptors.count)
        for (socket, listen) in zip(sockets, listens) {
            for fd in socket.descriptors { ListeningSocket.adjust(fd, to: listen) }
        }
        var retriesLeft = retries
        while true {
            var failures: [ListenFailure] = []
            for (index, listen) in listens.enumerated() {
                do throws(ListenFailure) {
                    try sockets[index].fill(listen, workers: workers)
                } catch {
                    failures.append(error)
                }
            }
            if failures.isEmpty { return ListenerSet(sockets) }
            guard retriesLeft > 0, failures.allSatisfy(\.isInUse) else {
                for (socket, kept) in zip(sockets, keptCounts) { socket.close(after: kept) }
                throw ListenFailures(failures: failures)
            }
            retriesLeft -= 1
            pause(milliseconds: 500)
        }
    }

    /// The descriptors of worker `index`, in the order of the plan's listens.
    public func descriptors(forWorker index: Int) -> [Int32] {
        sockets.map { $0.descriptors[index < $0.descriptors.count ? index : 0] }
    }

    /// Closes what `next` has not taken over.
    public func retire(for next: ListenerSet) {
        for socket in sockets where !next.sockets.contains(where: { $0.address == socket.address })
        {
            socket.turnAway()
        }
        closeInherited(keeping: next)
        for socket in sockets {
            if !next.sockets.contains(where: { $0.address == socket.address }) {
                socket.removeSocketFile()
            }
        }
        sockets = []
    }

    /// In a worker of `next`: closes the copies of what `next` has not taken over.
    func closeInherited(keeping next: ListenerSet) {
        let kept = Set(next.sockets.flatMap(\.descriptors))
        for fd in sockets.flatMap(\.descriptors) where !kept.contains(fd) { closeDescriptor(fd) }
    }

    /// In a process that takes no connections: closes the copies of all of them.
    func closeInherited() {
        for fd in sockets.flatMap(\.descriptors) { closeDescriptor(fd) }
    }

    /// Has nobody connect any more, so that no connection is reset that waits to be accepted when
    /// the workers close their sockets.
    func turnAway() {
        for socket in sockets { socket.turnAway() }
    }

    /// Closes all of them and removes the files of unix sockets.
    public func close() {
        for socket in sockets { socket.close(after: 0) }
        sockets = []
    }

    /// In worker `index`: closes the sockets of the others.
    func closeOthers(thanWorker index: Int) {
        let own = Set(descriptors(forWorker: index))
        for fd in sockets.flatMap(\.descriptors) where !own.contains(fd) { closeDescriptor(fd) }
    }
}

/// All the addresses that could not be listened on, so that one start names them all.
public struct ListenFailures: Error, Equatable, Sendable {
    /// At least one.
    public let failures: [ListenFailure]
}

extension ListenPlan {
    /// How many sockets the address has.
    fileprivate func sockets(forWorkers workers: Int) -> Int {
        if case .unix = address { return 1 }
        return options.isReusePort ? max(1, workers) : 1
    }
}

extension ListeningSocket {
    /// Opens what is missing.
    fileprivate mutating func fill(_ listen: ListenPlan, workers: Int) throws(ListenFailure) {
        while descriptors.count < listen.sockets(forWorkers: workers) {
            descriptors.append(try ListeningSocket.open(listen))
            if case .unix(let path) = address { file = FileKey(path) }
        }
    }

    fileprivate func close(after kept: Int) {
        for fd in descriptors.dropFirst(kept) { closeDescriptor(fd) }
        if kept == 0 { removeSocketFile() }
    }

    fileprivate func turnAway() {
        var isUnix = false
        if case .unix = address { isUnix = true }
        // Where a kernel has no filters, closing does it, and resets those who wait.
        for fd in descriptors { _ = ListenerCalls.turnAway(fd, isUnix: isUnix) }
    }

    fileprivate func removeSocketFile() {
        guard case .unix(let path) = address, let file, file == FileKey(path) else { return }
        removeFile(path)
    }
}
