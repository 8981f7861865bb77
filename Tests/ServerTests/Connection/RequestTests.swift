import Linux
import HTTP
import Testing

@testable import Server

@Suite struct RequestTests {
    /// Returns all fields with their values. Of the parser, only the results of a parsed request
    /// are fields.
    private func fields(_ request: Request) -> [String: String] {
        var fields: [String: String] = [:]
        for child in Mirror(reflecting: request).children where child.label != "parser" {
            fields[child.label ?? "?"] = "\(child.value)"
        }
        return fields
    }

    /// A request with a value other than the initial one in every field. A byte of 1 is valid for
    /// each Bool and enum, but not for a reference.
    private var used: Request {
        var request = Request(limits: HeadLimits())
        let references = [
            MemoryLayout<Request>.offset(of: \.context),
            MemoryLayout<Request>.offset(of: \.sentHead),
            MemoryLayout<Request>.offset(of: \.producer),
            MemoryLayout<Request>.offset(of: \.evaluatedCharset),
        ].flatMap { start in start.map { Array($0..<$0 + MemoryLayout<Int>.size) } ?? [] }
        #expect(references.count == 4 * MemoryLayout<Int>.size)
        unsafe withUnsafeMutableBytes(of: &request) { bytes in
            for index in bytes.indices where !references.contains(index) {
                unsafe bytes[index] = 1
            }
        }
        request.context = RequestContext(slots: 0)
        request.sentHead = [1]
        request.evaluatedCharset = [1]
        request.producer = BodyProducer([])
        request.decoder = ChunkedDecoder()
        return request
    }

    /// The fields that belong to the connection and stay unchanged for its next request.
    private let ofConnection: Set<String> = [
        "id", "slot", "input", "inputStart", "inputEnd", "mayHaveMore", "hasReceived", "needsParse",
        "decoder",
        "proxyAddresses", "proxyHeaderCount", "hasRealAddress", "defaultServer", "defaultLocation",
        "output",
        "outputStart", "outputEnd", "startedMs", "requestsInSlice", "fileBytesInSlice",
        "fieldBlockCache",
    ]

    @Test func nextRequestSeesNoFieldOfPreviousOne() {
        var request = used
        let before = fields(request)
        var new = Request(limits: HeadLimits())
        new.resetForConnection(
            id: request.id, slot: request.slot, HeadLimits(), .none, server: request.server,
            location: request.location)
        request.prepareForNextRequest()
        let (after, initial) = (fields(request), fields(new))
        #expect(ofConnection.isSubset(of: after.keys))
        for (name, value) in after {
            #expect(
                value == (ofConnection.contains(name) ? before[name] : initial[name]), "\(name)")
        }
    }

    @Test func restartResetsAllFields() {
        let limits = HeadLimits(requestLine: 100)
        var request = used
        request.resetForConnection(id: -1, slot: Slot(0), limits, .none, server: 0, location: 0)
        #expect(fields(request) == fields(Request(limits: limits)))
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(request.parser.resume(bytes.span) == .complete)
        #expect(request.parser.head.field(.userAgent) == nil)
        #expect(request.parser.head.field(.host) != nil)
    }
}
