import CLinux
import Glibc

/// Executes this process's command line again in a child, from the file that its first argument
/// names now: execve(2). `passing` are the descriptors that the program inherits in addition to the
/// standard ones. `changes` returns changes of its environment for its pid: `NAME=value`, or `NAME`
/// to remove one. Returns the pid once the program runs.
public func executeAgain(
    passing descriptors: [Int32], changes: (Int32) -> [String]
) throws(SystemError) -> Int32 {
    let fault = try openPipe(readsNonblocking: false)
    defer { closeDescriptor(fault.reads) }
    let process: Int32
    do throws(SystemError) {
        process = try forkProcess()
    } catch {
        closeDescriptor(fault.writes)
        throw error
    }
    if process == 0 {
        for descriptor in descriptors { _ = clinux_pass_on(descriptor) }
        let code = execute(changes(currentProcess()))
        writeBytes(fault.writes, [UInt8(truncatingIfNeeded: code)])
        endProcess(1)
    }
    closeDescriptor(fault.writes)
    // End of file without a byte means that the program runs.
    var byte: [UInt8] = [0]
    let result = unsafe byte.withUnsafeMutableBytes { unsafe readPipe(fault.reads, into: $0) }
    guard result == .bytes(1) else { return process }
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
    throw SystemError("execve()", "\"\(programName())\"", code: Int32(byte[0]))
}

/// Returns only on failure, with errno(3).
private func execute(_ changes: [String]) -> Int32 {
    var variables = unsafe changes.map { unsafe strdup($0) }
    let returned = unsafe variables.withUnsafeMutableBufferPointer { variables in
        var count: Int32 = 0
        return unsafe clinux_execute(
            clinux_command_line(&count), variables.baseAddress, Int32(clamping: variables.count))
    }
    return 0 &- returned
}

private func programName() -> String { programArguments().first ?? "" }
