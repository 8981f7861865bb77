import Glibc

/// chdir(2) to `path`.
public func changeDirectory(to path: String) throws(SystemError) {
    guard unsafe chdir(path) == 0 else { throw SystemError("chdir()", "\"\(path)\"", code: errno) }
}

/// getcwd(3), without symbolic links: the bytes, which need not be text.
public func currentDirectory() throws(SystemError) -> [UInt8] {
    guard let path = unsafe getcwd(nil, 0) else { throw SystemError("getcwd()", code: errno) }
    defer { unsafe free(path) }
    return unsafe Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
}
