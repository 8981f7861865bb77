import Linux

/// The listening sockets of one generation. They are plain numbers: a reload passes them on, so
/// that `retire(for:)` and `close()` decide who closes them, not a lifetime.
public final class ListenerSet {
    private var sockets: [ListeningSocket]
    /// Sockets of a service manager that no `listen` names.
    private var spare: [ListeningSocket] = []
    private let workers: Int

    /// Creates a set of the sockets that this process inherited.
    init(inherited sockets: [ListeningSocket]) {
        self.sockets = sockets
        workers = 1
    }

    private init(_ sockets: [ListeningSocket], workers: Int) {
        self.sockets = sockets
        self.workers = max(1, workers)
    }

    /// Opens the sockets that `listens` require. Addresses that `old` has keep their descriptors; a
    /// group of `reuseport` grows and never shrinks, because connections in the backlog would be
    /// reset. Nothing that is open is closed, and if an address fails, the sockets opened here are
    /// closed again.
    ///
    /// An address in use is tried again `retries` times, as in nginx: a previous server may be
    /// about to exit, or workers that had the address before the last reload.
    public static func open(
        _ listens: [ListenPlan], workers: Int, keeping old: ListenerSet?, retries: Int,
        pauseMs: Int32 = 500
    ) throws(ListenFailures) -> ListenerSet {
        var sockets = listens.map { listen in
            var socket =
                old?.all.first { $0.address == listen.address }
                ?? ListeningSocket(address: listen.address, descriptors: [])
            socket.isSpread = listen.isSpread
            return socket
        }
        let inheritedCounts = sockets.map(\.descriptors.count)
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
            if failures.isEmpty {
                for index in sockets.indices { sockets[index].noteUnverifiable() }
                let set = ListenerSet(sockets, workers: workers)
                set.spare = (old?.all ?? []).filter { $0.belongsToManager && !set.has($0.address) }
                return set
            }
            guard retriesLeft > 0, failures.allSatisfy(\.isInUse) else {
                for (socket, kept) in zip(sockets, inheritedCounts) { socket.close(after: kept) }
                throw ListenFailures(failures: failures)
            }
            retriesLeft -= 1
            pause(milliseconds: pauseMs)
        }
    }

    /// Every open socket.
    var all: [ListeningSocket] { sockets + spare }

    /// The addresses of inherited sockets that no `listen` names.
    var unnamedAddresses: [ListenAddress] { spare.map(\.address) }

    private func has(_ address: ListenAddress) -> Bool {
        sockets.contains { $0.address == address }
    }

    /// Returns the sockets that do not accept any more, though they did when they were opened.
    func faults() -> [ListenerFault] {
        sockets.flatMap { socket -> [ListenerFault] in
            let faults = socket.descriptors.compactMap { fd -> ListenerFault? in
                guard !socket.unverifiable.contains(fd) else { return nil }
                ListenerCalls.restoreFlags(fd)
                return ListenerCalls.fault(of: fd).map {
                    ListenerFault(
                        address: socket.address, state: $0,
                        isOwnedByMaster: !socket.belongsToManager)
                }
            }
            let wanted = socket.isSpread ? workers : 1
            let isShort = !socket.belongsToManager && socket.descriptors.count < wanted
            return isShort
                ? [ListenerFault(address: socket.address, state: nil, isOwnedByMaster: true)]
                : faults
        }
    }

    /// Shuts down the sockets that do not accept any more, in all processes: a set that is opened
    /// from this one binds others in their place.
    func dropBroken() {
        for index in sockets.indices where !sockets[index].belongsToManager {
            let broken = sockets[index].descriptors.filter { fd in
                !sockets[index].unverifiable.contains(fd) && ListenerCalls.fault(of: fd) != nil
            }
            for fd in broken {
                ListenerCalls.end(fd)
                closeDescriptor(fd)
            }
            sockets[index].descriptors.removeAll { broken.contains($0) }
        }
    }

    /// Returns the sockets that worker `index` accepts from, in the order of the plan's listens. If
    /// there are more sockets than workers, as after a reload with fewer, a worker has several of
    /// one address.
    func sockets(forWorker index: Int) -> [WorkerSocket] {
        sockets.enumerated().flatMap { listen, socket in
            let count = socket.descriptors.count
            let own = socket.isSpread ? stride(from: index, to: count, by: workers) : nil
            return (own.map(Array.init) ?? Array(0..<count)).map {
                WorkerSocket(listen: listen, descriptor: socket.descriptors[$0])
            }
        }
    }

    /// Closes the sockets that `next` has not taken over; `alone` is true if no other master has
    /// them.
    func retire(for next: ListenerSet, alone: Bool = true) {
        let removed = sockets.filter { !next.has($0.address) && !$0.belongsToManager }
        if alone { removed.forEach { $0.refuseNew() } }
        closeInherited(keeping: next)
        if alone { removed.forEach { $0.removeSocketFile() } }
        sockets = []
        spare = []
    }

    /// Closes the copies of sockets that `next` has not taken over. Called in a worker of `next`.
    func closeInherited(keeping next: ListenerSet) {
        let kept = Set(next.all.flatMap(\.descriptors))
        for fd in all.flatMap(\.descriptors) where !kept.contains(fd) { closeDescriptor(fd) }
    }

    /// Closes the copies of all sockets. Called in a process that accepts no connections.
    func closeInherited() {
        for fd in all.flatMap(\.descriptors) { closeDescriptor(fd) }
    }

    /// Closes the sockets of other workers. Called in worker `index`.
    func closeOthers(thanWorker index: Int) {
        let own = Set(sockets(forWorker: index).map(\.descriptor))
        for fd in all.flatMap(\.descriptors) where !own.contains(fd) { closeDescriptor(fd) }
    }

    /// Closes all sockets. If no other master has them (`alone`), new connections are refused
    /// first, so that none in the backlog is reset when the workers close theirs, and the files of
    /// unix sockets are removed.
    func close(alone: Bool = true) {
        for socket in sockets where alone && !socket.belongsToManager {
            socket.refuseNew()
            socket.removeSocketFile()
        }
        closeInherited()
        sockets = []
        spare = []
    }
}

/// One listening socket of a worker.
public struct WorkerSocket: Equatable, Sendable {
    /// The index of the plan's `listen`.
    let listen: Int
    let descriptor: Int32
}

/// All addresses that could not be opened, so that one start names them all.
public struct ListenFailures: Error, Equatable, Sendable {
    /// The failures, at least one.
    public let failures: [ListenFailure]
}

extension ListenPlan {
    /// True if each worker has a socket of its own.
    fileprivate var isSpread: Bool {
        if case .unix = address { return false }
        return options.isReusePort
    }
}

/// A listening socket that does not accept any more.
struct ListenerFault: CustomStringConvertible {
    let address: ListenAddress
    /// The state; nil for one that could not be bound again yet.
    let state: ListenerCalls.Fault?
    /// False for a socket of a service manager, which only that can replace.
    let isOwnedByMaster: Bool

    var description: String {
        let cause =
            switch state {
            case .doesNotListen: "was shut down"
            case .isFiltered: "has a filter that the server did not attach"
            case nil: "is missing"
            }
        let remedy = isOwnedByMaster ? "binding it again" : "restart the systemd socket unit"
        return "the listening socket of \(address) \(cause): \(remedy)"
    }
}

extension ListeningSocket {
    /// Records the sockets that look broken from the start, as under a kernel that does not report
    /// their state.
    fileprivate mutating func noteUnverifiable() {
        unverifiable = unverifiable.filter { descriptors.contains($0) }
        for fd in descriptors where !isChecked.contains(fd) {
            isChecked.insert(fd)
            if ListenerCalls.fault(of: fd) != nil { unverifiable.insert(fd) }
        }
        isChecked = isChecked.filter { descriptors.contains($0) }
    }

    /// Opens the missing sockets.
    fileprivate mutating func fill(_ listen: ListenPlan, workers: Int) throws(ListenFailure) {
        while descriptors.count < (listen.isSpread ? max(1, workers) : 1) {
            descriptors.append(try ListeningSocket.open(listen))
            if case .unix(let path) = address { file = FileKey(path) }
        }
    }

    fileprivate func close(after kept: Int) {
        for fd in descriptors.dropFirst(kept) { closeDescriptor(fd) }
        if kept == 0 { removeSocketFile() }
    }

    fileprivate func refuseNew() {
        var isUnix = false
        if case .unix = address { isUnix = true }
        // If the kernel has no socket filters, closing refuses new connections, and resets those in
        // the backlog.
        for fd in descriptors { _ = ListenerCalls.refuseNew(fd, isUnix: isUnix) }
    }

    fileprivate func removeSocketFile() {
        guard case .unix(let path) = address, let file, file == FileKey(path) else { return }
        removeFile(path)
    }
}
