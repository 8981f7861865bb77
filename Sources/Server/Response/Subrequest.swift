import HTTP
import Linux

/// Subrequests for parts of a response: add_before_body and add_after_body. A subrequest is
/// processed at once, in an exchange that belongs to no connection. Its result is a body without
/// head, ranges, compression or chunks.
extension Worker {
    /// The index of the exchange after those of the connections.
    var subrequestExchange: Int { connections.count }

    /// Returns the body of the response to a path, which may be that of an error page; nil if
    /// memory is short.
    mutating func runSubrequest(
        _ path: PlanBytes, charset: Int32, _ slot: Int, _ exchange: Int
    ) -> [BodySegment]? {
        preventCaching()
        let sub = subrequestExchange
        let values = context(of: exchange).values
        let savedCharset = evaluatedCharset
        prepareSubrequest(sub, for: exchange, charset: charset)
        let context = context(of: sub)
        context.values = values
        context.args = []
        loadURI(sub)
        defer {
            dropContext(sub)
            loadURI(exchange)
            evaluatedCharset = savedCharset
        }
        guard setURI(path.span), !exchanges[sub].output.isNone else {
            releaseSubrequest(sub)
            return nil
        }
        explanation?.begin("subrequest for a part of the response: \(path.text)")
        runPhases(from: .serverRewrite, slot, sub)
        explanation?.end()
        let hasFailed = exchanges[sub].outOfMemory
        let body = takeBody(of: sub)
        releaseSubrequest(sub)
        return hasFailed ? nil : body
    }

    /// Prepares the exchange with the request of the main one.
    private mutating func prepareSubrequest(_ sub: Int, for exchange: Int, charset: Int32) {
        let main = exchanges[exchange]
        var prepared = Exchange(limits: main.parser.limits)
        prepared.input = main.input
        prepared.inputStart = main.inputStart
        prepared.inputEnd = main.inputEnd
        prepared.parser = main.parser
        prepared.server = main.server
        prepared.location = main.location
        prepared.startedMs = main.startedMs
        prepared.isInternal = true
        prepared.isSubrequest = true
        prepared.mainCharset = charset
        // The main request handles the request's body.
        prepared.sentContinue = true
        prepared.output = outputs.acquire()
        exchanges[sub] = prepared
    }

    /// Returns the body: the bytes in the output, and the source that follows. Files and producers
    /// are moved out of the exchange.
    private mutating func takeBody(of sub: Int) -> [BodySegment] {
        let response = exchanges[sub]
        let start = response.outputEnd &- Int(response.bodyBytes)
        let begun = response.output.span(from: start, to: response.outputEnd)
        var body: [BodySegment] = [.bytes(begun.indices.map { begun[$0] })]
        switch response.source {
        case .none: break
        case .file:
            let rest = BodySegment.file(offset: response.fileOffset, count: response.fileRemaining)
            body.append(.body(BodyProducer([rest], owning: response.file)))
            exchanges[sub].file = -1
        case .producer:
            guard let producer = producers[sub] else { break }
            body.append(.body(BodyProducer([.body(producer)], owning: response.file)))
            producers[sub] = nil
            exchanges[sub].file = -1
        }
        return body
    }

    private mutating func releaseSubrequest(_ sub: Int) {
        closeSource(sub)
        outputs.release(exchanges[sub].output)
        exchanges[sub].output = .none
        exchanges[sub].input = .none
    }
}
