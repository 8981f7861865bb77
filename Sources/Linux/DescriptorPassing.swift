import CLinux
import Glibc

/// Sends one message, with a descriptor unless that is -1, without waiting: SCM_RIGHTS, unix(7).
/// The sender keeps its own descriptor.
public func send(_ socket: Int32, _ message: [UInt8], passing descriptor: Int32) -> IOResult {
    unsafe message.withUnsafeBytes {
        IOResult(
            negatedErrno: unsafe clinux_send_passing(
                socket, $0.baseAddress, $0.count, descriptor))
    }
}

/// Receives one message without waiting; `passed` is the descriptor that was sent with it, or -1.
public func receive(
    _ socket: Int32, into message: inout [UInt8], passed: inout Int32
) -> IOResult {
    var descriptor: Int32 = -1
    let result = unsafe message.withUnsafeMutableBytes {
        IOResult(
            negatedErrno: unsafe clinux_receive_passing(
                socket, $0.baseAddress, $0.count, &descriptor))
    }
    passed = descriptor
    return result
}

extension IOResult {
    fileprivate init(negatedErrno returned: Int) {
        if returned >= 0 {
            self = .bytes(returned)
        } else {
            let code = Int32(clamping: 0 &- returned)
            self = code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(code)
        }
    }
}
