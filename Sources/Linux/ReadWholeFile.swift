import CLinux
import Glibc

/// Reads all of `path`: configuration files, password files. Not for serving requests.
public func readWholeFile(_ path: String) throws(SystemError) -> [UInt8] {
    let opened = unsafe path.withCString { unsafe openForReading(CPath(unsafe: $0)) }
    switch opened {
    case .failure(let error): throw SystemError("open()", "\"\(path)\"", code: error.code)
    case .success(let fd):
        let file = Descriptor(owning: fd)
        return try readToEnd(file.number, named: path)
    }
}

private func readToEnd(_ fd: Int32, named path: String) throws(SystemError) -> [UInt8] {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    var position: Int64 = 0
    while true {
        let result = unsafe chunk.withUnsafeMutableBytes {
            unsafe readFile(fd, at: position, into: $0)
        }
        switch result {
        case .bytes(0): return content
        case .bytes(let count):
            content.append(contentsOf: chunk[..<count])
            position = position &+ Int64(count)
        case .wouldBlock: throw SystemError("read()", "\"\(path)\"", code: EAGAIN)
        case .failed(let code): throw SystemError("read()", "\"\(path)\"", code: code)
        }
    }
}
