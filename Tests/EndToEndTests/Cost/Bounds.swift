/// Bounds on the cost of a request. The measured numbers do not depend on load or scheduling, so a
/// change that increases one is noticed. Each bound is the measured value plus 3 %; lower it when a
/// request becomes cheaper.
enum Bounds {
    /// User instructions of the worker for a request of 60 bytes on an open connection, for a file
    /// of 1 KiB.
    static let instructions = 2_800.0
    /// User instructions for the same request with a browser's header of 700 bytes.
    static let browserInstructions = 3_105.0
    /// User instructions of the worker for a missing file, requested again.
    static let notFoundInstructions = 2_860.0
    /// User instructions of the worker for a missing path of 1,990 segments.
    static let missingPathInstructions = 154_000.0
    /// User instructions of the worker for the log line of such a request, in the format combined.
    static let lineInstructions = 2_096.0
    static let browserLineInstructions = 2_571.0

    /// System calls of the worker for a request on an open connection.
    static let calls = 3.1
    /// System calls for each of 64 requests that wait when the worker wakes.
    static let busyCalls = 2.1
    /// System calls for each of 16 requests in one packet.
    static let pipelinedCalls = 0.34
    /// On a new connection whose request has arrived when it is accepted: a wait, an accept, a
    /// receive, a check for mount changes, a send and a close, and two calls in eight accepts that
    /// put the worker at the end of the kernel's queue of waiters.
    static let closingCalls = 6.3
    /// System calls on an open connection with the access log: the same, except that the logger is
    /// woken at most each time that it has looked for lines in vain.
    static let loggedCalls = calls
    /// The number of times that the logger looks for lines in a second.
    static let loggerLooks = 10.0

    /// Allocations for a request on an open connection.
    static let allocations = 0.0
    /// Allocations for a request with the access log.
    static let loggedAllocations = 0.0
}
