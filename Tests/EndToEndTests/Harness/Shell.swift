import Foundation
import Testing

/// The output of a program, and its exit.
struct ShellResult {
    let exit: ChildProcess.Exit
    let output: String
    let error: String
    var succeeded: Bool { exit == .code(0) }
}

/// Runs a program until it exits, with a time limit.
func run(
    _ program: String, _ arguments: [String], seconds: Double = 60, directory: String? = nil
) throws -> ShellResult {
    let place = try TemporaryDirectory()
    let process = try ChildProcess(
        program, arguments, output: place.path + "/stdout", error: place.path + "/stderr",
        directory: directory)
    let exit = try process.waitForExit(seconds: seconds)
    return ShellResult(exit: exit, output: process.output, error: process.errorOutput)
}
