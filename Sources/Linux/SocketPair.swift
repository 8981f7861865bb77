import Glibc

/// Creates a connected pair of unix sockets that preserve message boundaries (socketpair(2),
/// SOCK_SEQPACKET), both non-blocking and close-on-exec.
public func openSocketPair() throws(SystemError) -> (Int32, Int32) {
    try openSocketPair(SOCK_SEQPACKET)
}

/// Creates a connected pair of unix stream sockets, both non-blocking and close-on-exec.
public func openStreamPair() throws(SystemError) -> (Int32, Int32) {
    try openSocketPair(SOCK_STREAM)
}

private func openSocketPair(_ kind: __socket_type) throws(SystemError) -> (Int32, Int32) {
    var ends: (Int32, Int32) = (-1, -1)
    let type = Int32(kind.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let returned = unsafe withUnsafeMutablePointer(to: &ends) {
        unsafe $0.withMemoryRebound(to: Int32.self, capacity: 2) {
            unsafe socketpair(AF_UNIX, type, 0, $0)
        }
    }
    guard returned == 0 else { throw SystemError("socketpair()", code: errno) }
    return ends
}

/// Terminates this process by SIGALRM unless it is called again within `seconds`; 0 disarms it:
/// alarm(2).
public func setWatchdogAlarm(within seconds: UInt32) {
    if seconds > 0 { _ = signal(SIGALRM, SIG_DFL) }
    _ = alarm(seconds)
}
