import CLinux
import Glibc

// The calls of the loop that move bytes. Each repeats EINTR, and tells EAGAIN from other errors.

/// recv(2) into `memory`.
public func receive(_ fd: Int32, into memory: UnsafeMutableRawBufferPointer) -> IOResult {
    while true {
        let returned = unsafe recv(fd, memory.baseAddress, memory.count, 0)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// send(2) with MSG_NOSIGNAL; `moreFollows` is MSG_MORE: hold a partial segment back for what comes
/// next.
public func send(
    _ fd: Int32, _ memory: UnsafeRawBufferPointer, moreFollows: Bool = false
) -> IOResult {
    let flags = Int32(MSG_NOSIGNAL) | (moreFollows ? Int32(MSG_MORE) : 0)
    while true {
        let returned = unsafe Glibc.send(fd, memory.baseAddress, memory.count, flags)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// sendfile(2): at most `count` bytes of `file` from `offset` on. 0 bytes is the file's end: it has
/// become shorter.
public func sendFile(_ fd: Int32, from file: Int32, at offset: Int64, count: Int) -> IOResult {
    while true {
        var position = off_t(offset)
        let returned = unsafe sendfile(fd, file, &position, count)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// How many bytes a segment of a connection has now (TCP_MAXSEG, tcp(7)); 1 where it has none, as
/// on a unix socket.
public func segmentSize(_ fd: Int32) -> Int32 {
    var size: Int32 = 0
    var room = socklen_t(MemoryLayout<Int32>.size)
    let returned = unsafe getsockopt(fd, Int32(IPPROTO_TCP), TCP_MAXSEG, &size, &room)
    return returned == 0 ? max(1, size) : 1
}

/// pread(2).
public func readFile(
    _ file: Int32, at offset: Int64, into memory: UnsafeMutableRawBufferPointer
) -> IOResult {
    while true {
        let returned = unsafe pread(file, memory.baseAddress, memory.count, off_t(offset))
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// write(2), for logs and pipes.
public func write(_ fd: Int32, _ memory: UnsafeRawBufferPointer) -> IOResult {
    while true {
        let returned = unsafe Glibc.write(fd, memory.baseAddress, memory.count)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// write(2) of a text, repeated until all of it is written or an error says that it cannot be.
@discardableResult
public func writeAll(_ fd: Int32, _ text: String) -> IOResult {
    var copy = text
    return copy.withUTF8 { bytes in
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(bytes)[done...])
            switch unsafe write(fd, rest) {
            case .bytes(let count): done += count
            case let other: return other
            }
        }
        return .bytes(done)
    }
}

/// shutdown(2) of our direction: the client reads the end of the stream.
public func shutdownSending(_ fd: Int32) {
    _ = shutdown(fd, Int32(SHUT_WR))
}

/// send(2) that does not wait (MSG_DONTWAIT) though the socket, which others may share, would.
public func sendAtOnce(_ fd: Int32, _ memory: UnsafeRawBufferPointer) -> IOResult {
    while true {
        let returned = unsafe Glibc.send(
            fd, memory.baseAddress, memory.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}
