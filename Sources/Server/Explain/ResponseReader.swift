import HTTP

/// Reads the worker's output: stores the heads and counts the body.
struct ResponseReader {
    /// The lines of heads: those of interim responses, and last that of the final response.
    private(set) var heads: [[String]] = []
    /// Bytes of the body, without its framing.
    private(set) var bodyBytes: Int64 = 0
    private(set) var isChunked = false
    /// True if the final response's head was received.
    private(set) var isInBody = false

    private var pending: [UInt8] = []
    private var decoder = ChunkedDecoder()

    mutating func take(_ bytes: Span<UInt8>) {
        guard isInBody else {
            for index in bytes.indices { pending.append(bytes[index]) }
            takeHeads()
            return
        }
        count(bytes)
    }

    private mutating func count(_ bytes: Span<UInt8>) {
        guard isChunked else {
            bodyBytes &+= Int64(bytes.count)
            return
        }
        _ = decoder.consume(bytes)
        bodyBytes = decoder.bodyBytes
    }

    private mutating func takeHeads() {
        while !isInBody, let end = headEnd {
            let head = Array(pending[..<end])
            pending.removeFirst(end)
            let lines = head.span.headLines
            heads.append(lines)
            isInBody = !(lines.first ?? "").hasPrefix("HTTP/1.1 1")
            isChunked = lines.contains { $0.lowercased() == "transfer-encoding: chunked" }
        }
        guard isInBody else { return }
        let rest = pending
        pending = []
        count(rest.span)
    }

    /// The offset where the first complete head ends.
    private var headEnd: Int? {
        var index = 3
        while index < pending.count {
            if pending[index] == 10, pending[index - 1] == 13, pending[index - 2] == 10 {
                return index + 1
            }
            index += 1
        }
        return nil
    }

    /// The description of the body.
    var body: String {
        let number = bodyBytes == 1 ? "1 byte" : "\(bodyBytes) bytes"
        if isChunked { return "body: \(number), in chunks" }
        return bodyBytes == 0 ? "no body" : "body: \(number)"
    }
}

extension Span where Element == UInt8 {
    /// The lines of a head, without line ends and without the empty one.
    fileprivate var headLines: [String] {
        var lines: [String] = []
        var start = 0
        for index in indices where self[index] == 10 {
            let line = slice(from: start, to: Swift.max(start, index &- 1))
            if line.count > 0 { lines.append(line.text) }
            start = index &+ 1
        }
        return lines
    }
}
