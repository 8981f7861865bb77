import Foundation
import Glibc
import Linux
import Testing

@testable import Server

@Suite struct ListenerSetTests {
    private let loopback: UInt32 = 0x7F00_0001

    /// Port 0 lets the kernel choose a port, so that tests do not collide.
    private func tcp(reusePort: Bool = false) -> ListenPlan {
        var options = ListenOptions()
        options.isReusePort = reusePort
        return ListenPlan(
            address: .ipv4(loopback, port: 0), options: options, servers: 0, particular: [])
    }

    private func unix(_ path: String) -> ListenPlan {
        ListenPlan(address: .unix(path), options: ListenOptions(), servers: 0, particular: [])
    }

    private func isOpen(_ fd: Int32) -> Bool { fcntl(fd, F_GETFD) >= 0 }

    @Test func socketIsSharedByWorkers() throws {
        let set = try ListenerSet.open([tcp(), tcp()], workers: 4, keeping: nil, retries: 0)
        defer { set.close() }
        #expect(set.descriptors(forWorker: 0).count == 2)
        #expect(set.descriptors(forWorker: 0) == set.descriptors(forWorker: 3))
        for fd in set.descriptors(forWorker: 0) {
            #expect(fcntl(fd, F_GETFD) & FD_CLOEXEC != 0)
            #expect(fcntl(fd, F_GETFL) & O_NONBLOCK != 0)
        }
    }

    @Test(arguments: [false, true])
    func brokenSocketIsBoundAgain(isFiltered: Bool) throws {
        // The port that the kernel chose is bound again.
        let chosen = try ListenerSet.open([tcp()], workers: 1, keeping: nil, retries: 0)
        let first = try #require(chosen.descriptors(forWorker: 0).first)
        let port = try #require(portNumber(of: first))
        chosen.close()
        let path = NSTemporaryDirectory() + "apus-\(getpid())-\(port)"
        let address = ListenAddress.ipv4(loopback, port: port)
        let plans = [
            ListenPlan(address: address, options: ListenOptions(), servers: 0, particular: []),
            unix(path),
        ]
        let set = try ListenerSet.open(plans, workers: 1, keeping: nil, retries: 0)
        #expect(set.faults().isEmpty)
        let old = set.descriptors(forWorker: 0)
        for fd in old {
            // A copy, as a worker has.
            let copy = dup(fd)
            defer { close(copy) }
            if isFiltered {
                #expect(ListenerCalls.refuseNew(copy, isUnix: false) == 0)
            } else {
                #expect(shutdown(copy, Int32(SHUT_RDWR)) == 0)
            }
            #expect(fcntl(copy, F_SETFL, 0) == 0)
        }
        #expect(set.faults().map(\.address) == plans.map(\.address))
        #expect(
            set.faults().allSatisfy {
                ($0.state == .isFiltered) == isFiltered && $0.isOwnedByMaster
            })
        for fd in old { #expect(fcntl(fd, F_GETFL) & O_NONBLOCK != 0) }
        set.dropBroken()
        #expect(set.faults().map(\.state) == [nil, nil])
        let next = try ListenerSet.open(plans, workers: 1, keeping: set, retries: 0)
        defer { next.close() }
        #expect(next.faults().isEmpty && next.descriptors(forWorker: 0).count == 2)
    }

    private func portNumber(of fd: Int32) -> UInt16? {
        guard case .success(.ipv4(_, let port)) = ListenerCalls.takeOver(fd) else { return nil }
        return port
    }

    @Test func listenOptionsAreSet() throws {
        var options = ListenOptions()
        options.receiveBuffer = 8192
        options.sendBuffer = 16384
        options.fastOpenQueue = 5
        options.keepalive = SocketKeepalive()
        options.keepalive?.idleSeconds = 77
        options.keepalive?.intervalSeconds = 7
        options.keepalive?.count = 3
        func read(_ fd: Int32, _ level: Int32, _ name: Int32) -> Int32 {
            var value: Int32 = -1
            var length = socklen_t(MemoryLayout<Int32>.size)
            unsafe getsockopt(fd, level, name, &value, &length)
            return value
        }
        func listens(_ options: ListenOptions) -> [ListenPlan] {
            [ListenPlan(address: .ipv4(loopback, port: 0), options: options)]
        }
        let old = try ListenerSet.open(listens(options), workers: 1, keeping: nil, retries: 0)
        let fd = try #require(old.descriptors(forWorker: 0).first)
        // The kernel doubles the requested size.
        #expect(read(fd, SOL_SOCKET, SO_RCVBUF) == 16384)
        #expect(read(fd, SOL_SOCKET, SO_SNDBUF) == 32768)
        #expect(read(fd, SOL_SOCKET, SO_KEEPALIVE) == 1)
        let tcp = Int32(IPPROTO_TCP)
        #expect(read(fd, tcp, TCP_KEEPIDLE) == 77 && read(fd, tcp, TCP_KEEPINTVL) == 7)
        #expect(read(fd, tcp, TCP_KEEPCNT) == 3 && read(fd, tcp, TCP_FASTOPEN) == 5)
        // A reload can change it.
        options.keepalive?.isOn = false
        let new = try ListenerSet.open(listens(options), workers: 1, keeping: old, retries: 0)
        defer { new.close() }
        old.retire(for: new)
        #expect(read(fd, SOL_SOCKET, SO_KEEPALIVE) == 0)
    }

    @Test func reuseportGroupGrowsWithoutClosing() throws {
        let listens = [tcp(reusePort: true)]
        let old = try ListenerSet.open(listens, workers: 2, keeping: nil, retries: 0)
        let before = (0..<2).flatMap { old.descriptors(forWorker: $0) }
        #expect(Set(before).count == 2)
        let new = try ListenerSet.open(listens, workers: 3, keeping: old, retries: 0)
        old.retire(for: new)
        let after = (0..<3).flatMap { new.descriptors(forWorker: $0) }
        #expect(Array(after.prefix(2)) == before)
        #expect(Set(after).count == 3 && after.allSatisfy(isOpen))
        new.close()
    }

    /// A connection that waits in the queue of a socket would be reset if the socket were closed.
    @Test func reuseportGroupNeverShrinks() throws {
        let listens = [tcp(reusePort: true)]
        let old = try ListenerSet.open(listens, workers: 3, keeping: nil, retries: 0)
        let before = (0..<3).flatMap { old.descriptors(forWorker: $0) }
        let new = try ListenerSet.open(listens, workers: 2, keeping: old, retries: 0)
        old.retire(for: new)
        #expect(new.descriptors(forWorker: 0) == [before[0], before[2]])
        #expect(new.descriptors(forWorker: 1) == [before[1]])
        #expect(before.allSatisfy(isOpen))
        let shared = try ListenerSet.open([tcp()], workers: 2, keeping: new, retries: 0)
        defer { shared.close() }
        new.retire(for: shared)
        #expect(shared.descriptors(forWorker: 1) == before, "all are everybody's")
    }

    @Test func managerSocketStaysOpenAndIsReused() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        let manager = try ListenerSet.open([unix(path)], workers: 1, keeping: nil, retries: 0)
        defer { manager.close() }
        let fd = manager.descriptors(forWorker: 0)[0]
        var socket = ListeningSocket(address: .unix(path), descriptors: [try duplicate(fd)])
        socket.belongsToManager = true
        let lent = ListenerSet(inherited: [socket])
        let first = try ListenerSet.open([unix(path)], workers: 1, keeping: lent, retries: 0)
        #expect(first.descriptors(forWorker: 0) == socket.descriptors)
        #expect(first.unnamedAddresses.isEmpty)
        let without = try ListenerSet.open([], workers: 1, keeping: first, retries: 0)
        first.retire(for: without)
        #expect(without.unnamedAddresses == [.unix(path)])
        let again = try ListenerSet.open([unix(path)], workers: 1, keeping: without, retries: 0)
        without.retire(for: again)
        #expect(again.descriptors(forWorker: 0) == socket.descriptors)
        #expect(isOpen(socket.descriptors[0]))
        again.close()
        #expect(FileManager.default.fileExists(atPath: path), "it is the manager's")
        #expect(try TestClient(of: fd).isConnected)
    }

    @Test func sharedSocketIsLeftUnchanged() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        let theirs = try ListenerSet.open([unix(path)], workers: 1, keeping: nil, retries: 0)
        defer { theirs.close() }
        let fd = theirs.descriptors(forWorker: 0)[0]
        let copy = ListeningSocket(
            address: .unix(path), descriptors: [try duplicate(fd)],
            file: ListeningSocket.FileKey(path))
        ListenerSet(inherited: [copy]).close(alone: false)
        #expect(!isOpen(copy.descriptors[0]))
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(try TestClient(of: fd).isConnected)
    }

    @Test func reloadKeepsUsedSocketsAndClosesOthers() throws {
        let directory = try TemporaryDirectory()
        let (stays, goes) = (directory.path + "/stays", directory.path + "/goes")
        let old = try ListenerSet.open(
            [unix(goes), unix(stays)], workers: 1, keeping: nil, retries: 0)
        let kept = old.descriptors(forWorker: 0)[1]
        let new = try ListenerSet.open([unix(stays)], workers: 1, keeping: old, retries: 0)
        #expect(new.descriptors(forWorker: 0) == [kept])
        #expect(FileManager.default.fileExists(atPath: goes), "until the new workers run")
        old.retire(for: new)
        #expect(!FileManager.default.fileExists(atPath: goes))
        #expect(FileManager.default.fileExists(atPath: stays))
        #expect(isOpen(kept))
        new.close()
        #expect(!FileManager.default.fileExists(atPath: stays))
    }

    @Test func backlogIsAcceptedAfterRefusingNew() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        let ipv6 = ListenPlan(address: .ipv6(0, 1, port: 0), options: ListenOptions())
        let set = try ListenerSet.open(
            [tcp(), ipv6, unix(path)], workers: 1, keeping: nil, retries: 0)
        // A worker's copies outlive the master's.
        let listeners = try set.descriptors(forWorker: 0).map { try duplicate($0) }
        defer { listeners.forEach { closeDescriptor($0) } }
        let waiting = try listeners.flatMap { try [TestClient(of: $0), TestClient(of: $0)] }
        #expect(waiting.allSatisfy { $0.isConnected })
        #expect(!listeners.contains { ListenerCalls.refusesNew($0) })
        set.close()
        #expect(listeners.allSatisfy { ListenerCalls.refusesNew($0) })
        let late = try listeners.map { try TestClient(of: $0) }
        #expect(late.allSatisfy { !$0.isConnected })
        for fd in listeners {
            var accepted: [Int32] = []
            while case let one = accept(fd, nil, nil), one >= 0 { accepted.append(one) }
            #expect(accepted.count == 2)
            accepted.forEach { closeDescriptor($0) }
        }
    }

    @Test func failedReloadKeepsSockets() throws {
        let directory = try TemporaryDirectory()
        let (stays, added) = (directory.path + "/stays", directory.path + "/added")
        let old = try ListenerSet.open([unix(stays)], workers: 1, keeping: nil, retries: 0)
        defer { old.close() }
        #expect(throws: ListenFailures.self) {
            try ListenerSet.open(
                [unix(stays), unix(added), unix(directory.path + "/no/such")], workers: 1,
                keeping: old, retries: 0)
        }
        #expect(old.descriptors(forWorker: 0).allSatisfy(isOpen))
        #expect(FileManager.default.fileExists(atPath: stays))
        #expect(!FileManager.default.fileExists(atPath: added))
    }

    @Test func allFailedAddressesAreNamed() throws {
        let paths = ["/nope/a", "/nope/b"]
        do {
            _ = try ListenerSet.open(paths.map(unix), workers: 1, keeping: nil, retries: 0)
            Issue.record("listens")
        } catch {
            #expect(
                error.failures.map(\.description)
                    == paths.map { "bind() to unix:\($0) failed (2: No such file or directory)" })
        }
    }

    @Test func socketInUseIsNotReplaced() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        let first = try ListenerSet.open([unix(path)], workers: 1, keeping: nil, retries: 0)
        defer { first.close() }
        do {
            _ = try ListenerSet.open([unix(path)], workers: 1, keeping: nil, retries: 0)
            Issue.record("listens twice")
        } catch {
            #expect(error.failures.map(\.isInUse) == [true])
        }
        #expect(FileManager.default.fileExists(atPath: path))
    }

    /// The address is in use by another socket for a moment.
    @Test func addressInUseIsRetried() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        let first = try ListenerSet.open([unix(path)], workers: 1, keeping: nil, retries: 0)
        let fd = first.descriptors(forWorker: 0)[0]
        Thread.detachNewThread {
            // So that some attempts fail first; if none does, the result is the same.
            usleep(50_000)
            closeDescriptor(fd)
        }
        let second = try ListenerSet.open(
            [unix(path)], workers: 1, keeping: nil, retries: 2000, pauseMs: 5)
        #expect(try TestClient(of: second.descriptors(forWorker: 0)[0]).isConnected)
        second.close()
    }

    @Test func staleSocketIsReplacedButFileIsNot() throws {
        let directory = try TemporaryDirectory()
        let (stale, file) = (directory.path + "/stale", directory.path + "/file")
        let dead = try ListenerSet.open([unix(stale)], workers: 1, keeping: nil, retries: 0)
        for fd in dead.descriptors(forWorker: 0) { Foundation.close(fd) }
        let set = try ListenerSet.open([unix(stale)], workers: 1, keeping: nil, retries: 0)
        let mode = try FileManager.default.attributesOfItem(atPath: stale)[.posixPermissions]
        #expect(mode as? Int == 0o666)
        set.close()
        try Data().write(to: URL(fileURLWithPath: file))
        #expect(throws: ListenFailures.self) {
            try ListenerSet.open([unix(file)], workers: 1, keeping: nil, retries: 0)
        }
        #expect(FileManager.default.fileExists(atPath: file))
    }

    @Test func socketFileOfOtherServerIsKept() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        let set = try ListenerSet.open([unix(path)], workers: 1, keeping: nil, retries: 0)
        try FileManager.default.removeItem(atPath: path)
        try Data().write(to: URL(fileURLWithPath: path + ".new"))
        try FileManager.default.moveItem(atPath: path + ".new", toPath: path)
        set.close()
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test(arguments: [
        (ListenAddress.ipv4(0, port: 80), Int32(13), "CAP_NET_BIND_SERVICE"),
        (.ipv6(0, 0, port: 1023), 13, "CAP_NET_BIND_SERVICE"),
        (.ipv4(0x0102_0304, port: 8080), 99, "no interface"),
    ])
    func errorsSuggestRemedy(address: ListenAddress, code: Int32, help: String) {
        let error = SystemError("bind() to", address.description, code: code)
        let failure = ListenFailure(address: address, error: error)
        #expect(failure.description.hasPrefix("bind() to \(address) failed (\(code): "))
        #expect(failure.description.contains(help))
    }

    @Test func otherErrorsHaveNoRemedy() {
        let address = ListenAddress.ipv4(0, port: 8080)
        let error = SystemError("bind() to", "0.0.0.0:8080", code: 13)
        #expect(
            ListenFailure(address: address, error: error).description
                == "bind() to 0.0.0.0:8080 failed (13: Permission denied)")
    }
}

/// A client that does not wait until it is connected.
private final class TestClient {
    let descriptor: Int32
    let isConnected: Bool

    /// Connects to the address of a listening socket.
    init(of listener: Int32) throws {
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let (fd, returned) = unsafe withUnsafeMutableBytes(of: &name) { bytes in
            let address = unsafe bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            unsafe getsockname(listener, address, &length)
            let family = unsafe Int32(address?.pointee.sa_family ?? 0)
            // SOCK_STREAM | SOCK_NONBLOCK, which the importer does not always see.
            let kind: Int32 = 1 | 0o4000
            let fd = socket(family, kind, 0)
            return (fd, unsafe connect(fd, address, length))
        }
        descriptor = fd
        // On loopback, a connection that is not refused is established within an iteration.
        var one = pollfd(fd: fd, events: Int16(POLLOUT), revents: 0)
        let waits = returned != 0 && errno == EINPROGRESS
        let isThere = unsafe waits && poll(&one, 1, 200) == 1
        isConnected = returned == 0 || isThere && one.revents & Int16(POLLERR | POLLHUP) == 0
    }

    deinit { closeDescriptor(descriptor) }
}

extension ListenerSet {
    fileprivate func descriptors(forWorker index: Int) -> [Int32] {
        sockets(forWorker: index).map(\.descriptor)
    }
}
