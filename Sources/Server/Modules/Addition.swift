import Configuration
import Files
import HTTP
import Linux

/// Texts added before and after a body.
struct AdditionSettings: Equatable {
    var before: [UInt8]?
    var after: [UInt8]?
    var types: [String]?

    /// True if there is something to add.
    var isOn: Bool { before?.isEmpty == false || after?.isEmpty == false }
}

/// add_before_body and add_after_body.
enum Subrequests: Cacheable {
    static var cacheability: Cacheability { .perRequest }

    static let rows: [DirectiveRow<Draft>] = [
        .setting(
            "add_before_body", in: .httpServerLocation, takes: .exactly(1),
            "Sends the response to this path of the same server before the body.",
            sets: \.scope.addition.before,
            read: { (use) throws(Diagnostic) in try use.bytes(0) }),
        .setting(
            "add_after_body", in: .httpServerLocation, takes: .exactly(1),
            "Sends the response to this path of the same server after the body.",
            sets: \.scope.addition.after,
            read: { (use) throws(Diagnostic) in try use.bytes(0) }),
        .row(
            "addition_types", in: .httpServerLocation, takes: .atLeast(1), repeats: .yes,
            default: "text/html", "Sets the media types to which bodies are added; * matches all.",
            inherit: DirectiveRow.inheriting(\.scope.addition.types),
            apply: DirectiveRow.addingTypes(to: \.scope.addition.types)),
    ]
}

/// Subrequests for parts of a response: add_before_body and add_after_body. A subrequest is
/// processed at once, and is in no table. Its result is a body without
/// head, ranges, compression or chunks.
extension Subrequests {
    /// Returns the body of the response to a path, which may be that of an error page; nil if
    /// memory is short.
    static func runSubrequest(
        _ path: PlanBytes, charset: Int32, _ request: inout Request, _ services: inout Services
    ) -> [BodySegment]? {
        request.recorder.record(Self.self)
        let values = services.context(of: &request).values
        Variables.unloadPath(&request, &services)
        var sub = subrequest(of: request, &services, charset: charset)
        let context = services.context(of: &sub)
        context.values = values
        context.args = []
        Variables.loadPath(&sub, &services)
        var body: [BodySegment]?
        if sub.uri.replace(by: path.span), !sub.output.isNone {
            services.explanation?.begin("subrequest for a part of the response: \(path.text)")
            Phases.runPhases(from: .serverRewrite, &sub, &services)
            services.explanation?.end()
            let produced = detachBody(of: &sub)
            body = sub.outOfMemory ? nil : produced
        }
        FileResponse.closeSource(&sub, &services)
        services.outputs.release(sub.output)
        Variables.dropContext(&sub, &services)
        services.paths.release(sub.uri.unload())
        Variables.loadPath(&request, &services)
        return body
    }

    /// Creates a subrequest, which shares the received bytes of the main request.
    private static func subrequest(
        of main: borrowing Request, _ services: inout Services, charset: Int32
    ) -> Request {
        var sub = Request(limits: main.parser.limits)
        sub.id = Request.subrequestID
        sub.slot = main.slot
        sub.input = main.input
        sub.inputStart = main.inputStart
        sub.inputEnd = main.inputEnd
        sub.parser = main.parser
        sub.server = main.server
        sub.location = main.location
        sub.startedMs = main.startedMs
        sub.isInternal = true
        sub.isSubrequest = true
        sub.mainCharset = charset
        // The main request handles the request's body.
        sub.sentContinue = true
        sub.output = services.outputs.acquire()
        return sub
    }

    /// Returns the body: the bytes in the output, and the source that follows. Files and producers
    /// are moved out of the subrequest.
    private static func detachBody(of sub: inout Request) -> [BodySegment] {
        let output = sub.output
        let begun = output.span(from: sub.outputEnd &- Int(sub.bodyBytes), to: sub.outputEnd)
        var body: [BodySegment] = [.bytes(begun.indices.map { begun[$0] })]
        switch sub.source {
        case .none: break
        case .file:
            let rest = BodySegment.file(offset: sub.fileOffset, count: sub.fileRemaining)
            body.append(.body(BodyProducer([rest], owning: sub.file)))
            sub.file = -1
        case .producer:
            guard let producer = sub.producer else { break }
            body.append(.body(BodyProducer([.body(producer)], owning: sub.file)))
            sub.producer = nil
            sub.file = -1
        }
        return body
    }
}
