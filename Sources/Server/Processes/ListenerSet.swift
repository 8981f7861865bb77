import Linux

/// The listening sockets of one generation. Plain numbers: a reload hands them on, so that who
/// closes what is said by `retire(for:)` and `close()`, not by a lifetime.
public final class ListenerSet {
    private var sockets: [ListeningSocket]
    /// Lent ones that no listen names.
    private var spare: [ListeningSocket] = []
    private let workers: Int

    /// A set of what this process was started with.
    init(inherited sockets: [ListeningSocket]) {
        self.sockets = sockets
        workers = 1
    }

    private init(_ sockets: [ListeningSocket], workers: Int) {
        self.sockets = sockets
        self.workers = max(1, workers)
    }

    /// Opens what `listens` ask for. Addresses that `old` has keep their descriptors, a group of
    /// `reuseport` grows and never shrinks: a connection that waits in one would be reset. Nothing
    /// that is open is closed, and when an address fails, what was opened is closed again.
    ///
    /// An address in use is tried again `retries` times, as nginx does: the server before this one
    /// may just be ending, or the workers that had the address before the last reload.
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
            if failures.isEmpty {
                for index in sockets.indices { sockets[index].noteUnverifiable() }
                let set = ListenerSet(sockets, workers: workers)
                set.spare = (old?.all ?? []).filter { $0.isLent && !set.has($0.address) }
                return set
            }
            guard retriesLeft > 0, failures.allSatisfy(\.isInUse) else {
                for (socket, kept) in zip(sockets, keptCounts) { socket.close(after: kept) }
                throw ListenFailures(failures: failures)
            }
            retriesLeft -= 1
            pause(milliseconds: pauseMs)
        }
    }

    /// Every socket that is open.
    var all: [ListeningSocket] { sockets + spare }

    /// The addresses of lent sockets that no listen names.
    var strays: [ListenAddress] { spare.map(\.address) }

    private func has(_ address: ListenAddress) -> Bool {
        sockets.contains { $0.address == address }
    }

    /// The sockets that do not accept any more, though they did when they were opened.
    func faults() -> [ListenerFault] {
        sockets.flatMap { socket -> [ListenerFault] in
            let faults = socket.descriptors.compactMap { fd -> ListenerFault? in
                guard !socket.unverifiable.contains(fd) else { return nil }
                ListenerCalls.restoreFlags(fd)
                return ListenerCalls.fault(of: fd).map {
                    ListenerFault(address: socket.address, state: $0, isOurs: !socket.isLent)
                }
            }
            let wanted = socket.isSpread ? workers : 1
            let isShort = !socket.isLent && socket.descriptors.count < wanted
            return isShort
                ? [ListenerFault(address: socket.address, state: nil, isOurs: true)] : faults
        }
    }

    /// Ends the sockets that do not accept any more, in whichever processes they are open: a set
    /// that is opened from this one binds others in their place.
    func dropBroken() {
        for index in sockets.indices where !sockets[index].isLent {
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

    /// What worker `index` accepts from, in the order of the plan's listens. When there are more
    /// sockets than workers, as after a reload with fewer, a worker has several of an address.
    func sockets(forWorker index: Int) -> [WorkerSocket] {
        sockets.enumerated().flatMap { listen, socket in
            let count = socket.descriptors.count
            let own = socket.isSpread ? stride(from: index, to: count, by: workers) : nil
            return (own.map(Array.init) ?? Array(0..<count)).map {
                WorkerSocket(listen: listen, descriptor: socket.descriptors[$0])
            }
        }
    }

    /// Closes what `next` has not taken over; the sockets are this master's `alone`, or another one
    /// listens on.
    func retire(for next: ListenerSet, alone: Bool = true) {
        let going = sockets.filter { !next.has($0.address) && !$0.isLent }
        if alone { going.forEach { $0.turnAway() } }
        closeInherited(keeping: next)
        if alone { going.forEach { $0.removeSocketFile() } }
        sockets = []
        spare = []
    }

    /// In a worker of `next`: closes the copies of what `next` has not taken over.
    func closeInherited(keeping next: ListenerSet) {
        let kept = Set(next.all.flatMap(\.descriptors))
        for fd in all.flatMap(\.descriptors) where !kept.contains(fd) { closeDescriptor(fd) }
    }

    /// In a process that takes no connections: closes the copies of all of them.
    func closeInherited() {
        for fd in all.flatMap(\.descriptors) { closeDescriptor(fd) }
    }

    /// In worker `index`: closes the sockets of the others.
    func closeOthers(thanWorker index: Int) {
        let own = Set(sockets(forWorker: index).map(\.descriptor))
        for fd in all.flatMap(\.descriptors) where !own.contains(fd) { closeDescriptor(fd) }
    }

    /// Closes all of them. Where they are this master's `alone`, nobody connects any more, so that
    /// no connection is reset that waits to be accepted when the workers close theirs, and the
    /// files of unix sockets are removed.
    func close(alone: Bool = true) {
        for socket in sockets where alone && !socket.isLent {
            socket.turnAway()
            socket.removeSocketFile()
        }
        closeInherited()
        sockets = []
        spare = []
    }
}

/// One listening socket of a worker.
public struct WorkerSocket: Equatable, Sendable {
    /// Which of the plan's listens it is of.
    let listen: Int
    let descriptor: Int32
}

/// All the addresses that could not be listened on, so that one start names them all.
public struct ListenFailures: Error, Equatable, Sendable {
    /// At least one.
    public let failures: [ListenFailure]
}

extension ListenPlan {
    /// Whether each worker has a socket of its own.
    fileprivate var isSpread: Bool {
        if case .unix = address { return false }
        return options.isReusePort
    }
}

/// A listening socket that does not accept any more.
struct ListenerFault: CustomStringConvertible {
    let address: ListenAddress
    /// nil for one that could not be bound anew yet.
    let state: ListenerCalls.Fault?
    /// False for a socket of a service manager, which nobody else can replace.
    let isOurs: Bool

    var description: String {
        let cause =
            switch state {
            case .doesNotListen: "was shut down"
            case .isFiltered: "has a filter that the server did not attach"
            case nil: "is missing"
            }
        let remedy = isOurs ? "binding it anew" : "restart the socket's unit"
        return "the listening socket of \(address) \(cause): \(remedy)"
    }
}

extension ListeningSocket {
    /// Notes which sockets look broken from the start, as under a kernel that cannot tell.
    fileprivate mutating func noteUnverifiable() {
        unverifiable = unverifiable.filter { descriptors.contains($0) }
        for fd in descriptors where !isChecked.contains(fd) {
            isChecked.insert(fd)
            if ListenerCalls.fault(of: fd) != nil { unverifiable.insert(fd) }
        }
        isChecked = isChecked.filter { descriptors.contains($0) }
    }

    /// Opens what is missing.
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
