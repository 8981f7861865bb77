import Glibc

/// Changes the working directory: chdir(2).
public func changeDirectory(to path: String) throws(SystemError) {
    guard unsafe chdir(path) == 0 else { throw SystemError("chdir()", "\"\(path)\"", code: errno) }
}

/// Returns the working directory without symbolic links: getcwd(3). The bytes need not be UTF-8.
public func currentDirectory() throws(SystemError) -> [UInt8] {
    guard let path = unsafe getcwd(nil, 0) else { throw SystemError("getcwd()", code: errno) }
    defer { unsafe free(path) }
    return unsafe Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
}
