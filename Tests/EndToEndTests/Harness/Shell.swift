import Foundation
import Testing

/// What a program printed and how it ended.
struct ShellResult {
    let exit: ChildProcess.Exit
    let output: String
    let error: String
    var succeeded: Bool { exit == .code(0) }
}

/// Runs a program to its end, within a time.
func run(
    _ program: String, _ arguments: [String], seconds: Double = 60, folder: String? = nil
) throws -> ShellResult {
    let place = try TemporaryFolder()
    let process = try ChildProcess(
        program, arguments, output: place.path + "/stdout", error: place.path + "/stderr",
        folder: folder)
    let exit = try process.waitForExit(seconds: seconds)
    return ShellResult(exit: exit, output: process.output, error: process.errorOutput)
}
