/// What a request may cost. These do not depend on how busy a machine is, nor on who runs when, so
/// a change that makes one larger shows. Each is what was measured, and 3 % of it; lower them when
/// a request gets cheaper.
enum Bounds {
    /// User instructions of the worker for a kept request of 60 bytes for a file of 1 KiB.
    static let instructions = 2_900.0
    /// The same with a browser's head of 700 bytes.
    static let browserInstructions = 3_205.0
    /// User instructions of the worker for a path of 1,990 names that does not exist.
    static let missingPathInstructions = 210_000.0
    /// User instructions of the worker for the line of such a request in the access log, combined.
    static let lineInstructions = 2_096.0
    static let browserLineInstructions = 2_571.0

    /// System calls of the worker for a request on one kept connection.
    static let calls = 3.1
    /// For each of 64 requests that are there when the worker wakes.
    static let busyCalls = 2.1
    /// For each of 16 requests that came in one packet.
    static let pipelinedCalls = 0.34
    /// On a new connection whose request has arrived when it is accepted: a wait, an accept, a
    /// receive, a check for mount changes, a send and a close, and two calls in eight accepts that
    /// put the worker at the end of the kernel's queue of waiters.
    static let closingCalls = 6.3
    /// On a kept connection, with the access log: the same, but that the Logger is woken, at most
    /// each time that it has looked for lines in vain.
    static let loggedCalls = calls
    /// How often the Logger looks for lines, in a second.
    static let loggerLooks = 10.0

    /// Allocations for a kept request.
    static let allocations = 0.0
    /// The same with the access log.
    static let loggedAllocations = 0.0
}
