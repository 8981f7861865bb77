import HTTP
import Linux

/// Subrequests for parts of a response: add_before_body and add_after_body. A subrequest is
/// processed at once, and is in no table. Its result is a body without
/// head, ranges, compression or chunks.
extension Worker {
    /// Returns the body of the response to a path, which may be that of an error page; nil if
    /// memory is short.
    mutating func runSubrequest(
        _ path: PlanBytes, charset: Int32, _ request: inout Request
    ) -> [BodySegment]? {
        preventCaching()
        let values = context(of: &request).values
        let savedCharset = evaluatedCharset
        unloadPath(&request)
        var sub = subrequest(of: request, charset: charset)
        let context = context(of: &sub)
        context.values = values
        context.args = []
        loadPath(&sub)
        var body: [BodySegment]?
        if sub.uri.replace(by: path.span), !sub.output.isNone {
            explanation?.begin("subrequest for a part of the response: \(path.text)")
            runPhases(from: .serverRewrite, &sub)
            explanation?.end()
            let produced = detachBody(of: &sub)
            body = sub.outOfMemory ? nil : produced
        }
        closeSource(&sub)
        outputs.release(sub.output)
        dropContext(&sub)
        paths.release(sub.uri.unload())
        loadPath(&request)
        evaluatedCharset = savedCharset
        return body
    }

    /// Creates a subrequest, which shares the received bytes of the main request.
    private mutating func subrequest(of main: borrowing Request, charset: Int32) -> Request {
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
        sub.output = outputs.acquire()
        return sub
    }

    /// Returns the body: the bytes in the output, and the source that follows. Files and producers
    /// are moved out of the subrequest.
    private func detachBody(of sub: inout Request) -> [BodySegment] {
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
