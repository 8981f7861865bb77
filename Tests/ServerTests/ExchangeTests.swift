import HTTP
import Testing

@testable import Server

@Suite struct ExchangeTests {
    /// All that is in a value, but for what a parser found: of that only what is named counts.
    private func text(_ exchange: Exchange) -> [String] {
        Mirror(reflecting: exchange).children.compactMap { child in
            child.label == "parser" ? nil : "\(child.label ?? "?"): \(child.value)"
        }
    }

    @Test func beginningAnewLeavesNothingBehind() {
        let limits = HeadLimits(requestLine: 100)
        var exchange = Exchange(limits: HeadLimits())
        unsafe withUnsafeMutableBytes(of: &exchange) { bytes in
            // As if everything had been used; what is a Bool or an enum stays one.
            for index in bytes.indices { unsafe bytes[index] = 1 }
        }
        exchange.decoder = ChunkedDecoder()
        exchange.begin(limits, .none)
        #expect(text(exchange) == text(Exchange(limits: limits)))
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(exchange.parser.resume(bytes.span) == .complete)
        #expect(exchange.parser.head.field(.userAgent) == nil)
        #expect(exchange.parser.head.field(.host) != nil)
    }
}
