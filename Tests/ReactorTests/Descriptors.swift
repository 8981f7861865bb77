import Foundation
import Linux
import Testing

/// Two connected descriptors that are closed on deinitialization. Both are close-on-exec, so that
/// processes started by other tests do not keep an end open.
final class DescriptorPair {
    private(set) var near: Int32
    private(set) var far: Int32

    private init(_ ends: [Int32]) {
        near = ends[0]
        far = ends[1]
    }

    deinit {
        closeNear()
        closeFar()
    }

    /// Opens a pipe: `near` reads what is written into `far`.
    static func pipe() throws -> DescriptorPair {
        let ends = try openPipe(readsNonblocking: false)
        return DescriptorPair([ends.reads, ends.writes])
    }

    /// Opens a socket pair: both ends read and write.
    static func sockets() throws -> DescriptorPair {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0)
        return DescriptorPair(ends)
    }

    /// Opens a TCP connection on loopback.
    static func connection() throws -> DescriptorPair {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let listener = socket(AF_INET, kind, 0)
        defer { close(listener) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let client = socket(AF_INET, kind, 0)
        let server = try unsafe withUnsafeMutablePointer(to: &name) {
            try unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                try #require(unsafe bind(listener, name, size) == 0 && listen(listener, 1) == 0)
                try #require(unsafe getsockname(listener, name, &size) == 0)
                try #require(unsafe connect(client, name, size) == 0)
                return accept(listener, nil, nil)
            }
        }
        _ = fcntl(server, F_SETFD, FD_CLOEXEC)
        return DescriptorPair([server, client])
    }

    /// Returns the near end, which the caller must close.
    func giveNear() -> Int32 {
        defer { near = -1 }
        return near
    }

    /// Changes the number of the near end to `number` if that is free.
    func moveNear(to number: Int32) throws {
        guard near != number, fcntl(number, F_GETFD) < 0 else { return }
        let copy = fcntl(near, F_DUPFD_CLOEXEC, number)
        try #require(copy >= 0)
        close(near)
        near = copy
    }

    /// Closes the far end of a connection with a reset.
    func resetFar() {
        var now = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        #expect(unsafe setsockopt(far, SOL_SOCKET, SO_LINGER, &now, size) == 0)
        closeFar()
    }

    func closeNear() {
        if near >= 0 { close(near) }
        near = -1
    }

    func closeFar() {
        if far >= 0 { close(far) }
        far = -1
    }

    /// Writes into the far end.
    func feed(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(unsafe write(far, bytes, bytes.count) == bytes.count)
    }

    /// Reads the bytes that have arrived at the near end. Returns their number.
    func drain() -> Int {
        var room = [UInt8](repeating: 0, count: 65536)
        return unsafe read(near, &room, room.count)
    }

    /// Writes into the near end until it accepts no more.
    func fill() {
        _ = fcntl(near, F_SETFL, fcntl(near, F_GETFL) | O_NONBLOCK)
        let block = [UInt8](repeating: 0x61, count: 4096)
        while unsafe write(near, block, block.count) > 0 {}
    }

    /// Reads all bytes that have arrived at the far end.
    func emptyFar() {
        _ = fcntl(far, F_SETFL, fcntl(far, F_GETFL) | O_NONBLOCK)
        var room = [UInt8](repeating: 0, count: 65536)
        while unsafe read(far, &room, room.count) > 0 {}
    }
}
