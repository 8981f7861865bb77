import CLinux
import Glibc

/// Whether bytes of a file are in the page cache, so that reading them waits for no disk.
public enum Residence: Sendable {
    case cached, absent
    /// The file system cannot tell.
    case unknown
}

/// Whether the byte at `offset` is in the page cache: preadv2(2), RWF_NOWAIT. What cannot be read
/// at all is for the read to say.
public func residence(of file: Int32, at offset: Int64) -> Residence {
    var byte: UInt8 = 0
    let returned = unsafe clinux_read_cached(file, &byte, 1, offset)
    if returned == -Int(EAGAIN) { return .absent }
    return returned == -Int(EOPNOTSUPP) || returned == -Int(ENOSYS) ? .unknown : .cached
}

/// pread(2) of what is in the page cache; `.wouldBlock` when the first byte is not, or the file
/// system cannot tell.
public func readCached(
    _ file: Int32, at offset: Int64, into memory: UnsafeMutableRawBufferPointer
) -> IOResult {
    let returned = unsafe clinux_read_cached(file, memory.baseAddress, memory.count, offset)
    guard returned < 0 else { return .bytes(returned) }
    let code = Int32(clamping: 0 &- returned)
    return code == EAGAIN || code == EOPNOTSUPP || code == ENOSYS ? .wouldBlock : .failed(code)
}

/// posix_fadvise(2): the kernel may begin to read these bytes.
public func willNeed(_ file: Int32, at offset: Int64, count: Int64) {
    clinux_will_need(file, offset, count)
}
