/// The requests for which a result is the same.
enum Cacheability {
    /// The same for all requests with the same server, path and class of accepted encodings, as
    /// long as the recorded files are unchanged.
    case shared
    /// Possibly different for such requests: the response is not cached for other clients.
    case perRequest
}

/// A part of the processing of requests that states what its result depends on. A type without that
/// statement does not compile.
protocol Cacheable {
    static var cacheability: Cacheability { get }
}

/// A step of the processing of a request, which is only run by ``perform(_:_:_:)``.
protocol Step: Cacheable {
    /// The compiled configuration that the step reads.
    associatedtype Settings: BitwiseCopyable

    /// Runs the step. Returns nil if the request continues with the next one.
    static func run(
        _ request: inout Request, _ services: inout Services, _ settings: Settings
    ) -> PhaseOutcome?
}

extension Step {
    /// Runs the step, and prevents the response from being cached if its result depends on the
    /// request.
    @inline(__always)
    static func perform(
        _ request: inout Request, _ services: inout Services, _ settings: Settings
    ) -> PhaseOutcome? {
        request.recorder.record(Self.self)
        return run(&request, &services, settings)
    }
}
