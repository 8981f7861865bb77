import CLinux
import Glibc

// The system calls that move bytes for the event loop. Each repeats EINTR, and distinguishes EAGAIN
// from other errors.

/// Calls recv(2) into `memory`.
public func receive(_ fd: Int32, into memory: UnsafeMutableRawBufferPointer) -> IOResult {
    while true {
        let returned = unsafe recv(fd, memory.baseAddress, memory.count, 0)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// Calls send(2) with MSG_NOSIGNAL. `moreFollows` is MSG_MORE: a partial segment waits for the next
/// data.
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

/// Calls sendfile(2) for at most `count` bytes of `file` from `offset` on. 0 bytes means the end of
/// the file: it was truncated.
public func sendFile(_ fd: Int32, from file: Int32, at offset: Int64, count: Int) -> IOResult {
    while true {
        var position = off_t(offset)
        let returned = unsafe sendfile(fd, file, &position, count)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// Returns the current segment size of a connection (TCP_MAXSEG, tcp(7)); 1 if it has none, as a
/// unix socket.
public func segmentSize(_ fd: Int32) -> Int32 {
    var size: Int32 = 0
    var room = socklen_t(MemoryLayout<Int32>.size)
    let returned = unsafe getsockopt(fd, Int32(IPPROTO_TCP), TCP_MAXSEG, &size, &room)
    return returned == 0 ? max(1, size) : 1
}

/// Calls pread(2).
public func readFile(
    _ file: Int32, at offset: Int64, into memory: UnsafeMutableRawBufferPointer
) -> IOResult {
    while true {
        let returned = unsafe pread(file, memory.baseAddress, memory.count, off_t(offset))
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// Calls write(2), for logs and pipes.
public func write(_ fd: Int32, _ memory: UnsafeRawBufferPointer) -> IOResult {
    while true {
        let returned = unsafe Glibc.write(fd, memory.baseAddress, memory.count)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// Writes all of a text: write(2), repeated until it is done or an error occurs.
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

/// Calls shutdown(2) for the sending direction: the client reads the end of the stream.
public func shutdownSending(_ fd: Int32) {
    _ = shutdown(fd, Int32(SHUT_WR))
}

/// Calls send(2) with MSG_DONTWAIT, because the socket may be shared and in blocking mode.
public func sendAtOnce(_ fd: Int32, _ memory: UnsafeRawBufferPointer) -> IOResult {
    while true {
        let returned = unsafe Glibc.send(
            fd, memory.baseAddress, memory.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}
