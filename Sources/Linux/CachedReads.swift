import CLinux
import Glibc

/// Whether bytes of a file are in the page cache, so that reading them does not wait for a disk.
public enum PageCacheState: Sendable {
    case cached, absent
    /// The file system does not support the question.
    case unknown
}

/// Returns whether the byte at `offset` is in the page cache: preadv2(2) with RWF_NOWAIT. Read
/// errors are left to the actual read.
public func pageCacheState(of file: Int32, at offset: Int64) -> PageCacheState {
    var byte: UInt8 = 0
    let returned = unsafe clinux_read_cached(file, &byte, 1, offset)
    if returned == -Int(EAGAIN) { return .absent }
    return returned == -Int(EOPNOTSUPP) || returned == -Int(ENOSYS) ? .unknown : .cached
}

/// Calls pread(2) for bytes in the page cache. Returns `.wouldBlock` if the first byte is not in
/// it, or the file system does not support the question.
public func readCached(
    _ file: Int32, at offset: Int64, into memory: UnsafeMutableRawBufferPointer
) -> IOResult {
    let returned = unsafe clinux_read_cached(file, memory.baseAddress, memory.count, offset)
    guard returned < 0 else { return .bytes(returned) }
    let code = Int32(clamping: 0 &- returned)
    return code == EAGAIN || code == EOPNOTSUPP || code == ENOSYS ? .wouldBlock : .failed(code)
}

/// Asks the kernel to read these bytes ahead: posix_fadvise(2).
public func readAhead(_ file: Int32, at offset: Int64, count: Int64) {
    clinux_will_need(file, offset, count)
}
