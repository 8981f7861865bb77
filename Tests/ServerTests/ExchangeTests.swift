import HTTP
import Testing

@testable import Server

@Suite struct ExchangeTests {
    /// Returns all fields with their values. Of the parser, only the results of a parsed request
    /// are fields.
    private func fields(_ exchange: Exchange) -> [String: String] {
        var fields: [String: String] = [:]
        for child in Mirror(reflecting: exchange).children where child.label != "parser" {
            fields[child.label ?? "?"] = "\(child.value)"
        }
        return fields
    }

    /// An exchange with a value other than the initial one in every field. A byte of 1 is valid for
    /// each Bool and enum.
    private var used: Exchange {
        var exchange = Exchange(limits: HeadLimits())
        unsafe withUnsafeMutableBytes(of: &exchange) { bytes in
            for index in bytes.indices { unsafe bytes[index] = 1 }
        }
        exchange.decoder = ChunkedDecoder()
        return exchange
    }

    /// The fields that belong to the connection and stay unchanged for its next request.
    private let ofConnection: Set<String> = [
        "input", "inputStart", "inputEnd", "mayHaveMore", "hasReceived", "needsParse", "decoder",
        "proxyAddresses", "hasRealAddress", "defaultServer", "defaultLocation", "output",
        "outputStart", "outputEnd", "startedMs", "requestsInSlice", "fileBytesInSlice",
        "fieldBlockCache",
    ]

    @Test func nextRequestSeesNoFieldOfPreviousOne() {
        var exchange = used
        let before = fields(exchange)
        var new = Exchange(limits: HeadLimits())
        new.resetForConnection(
            HeadLimits(), .none, server: exchange.server, location: exchange.location)
        exchange.prepareForNextRequest()
        let (after, initial) = (fields(exchange), fields(new))
        #expect(ofConnection.isSubset(of: after.keys))
        for (name, value) in after {
            #expect(
                value == (ofConnection.contains(name) ? before[name] : initial[name]), "\(name)")
        }
    }

    @Test func restartResetsAllFields() {
        let limits = HeadLimits(requestLine: 100)
        var exchange = used
        exchange.resetForConnection(limits, .none, server: 0, location: 0)
        #expect(fields(exchange) == fields(Exchange(limits: limits)))
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(exchange.parser.resume(bytes.span) == .complete)
        #expect(exchange.parser.head.field(.userAgent) == nil)
        #expect(exchange.parser.head.field(.host) != nil)
    }
}
