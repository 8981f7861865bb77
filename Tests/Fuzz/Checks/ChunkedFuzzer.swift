import HTTP

/// Chunked bodies: compares the decoder with itself for other splits, and with a parser of RFC
/// 9112's grammar that has all bytes.
enum ChunkedFuzzer {
    struct Reading: Equatable {
        var consumed = 0
        var bodyBytes: Int64 = 0
        var state = ChunkedDecoder.State.more
    }

    static func fuzz(_ bytes: Span<UInt8>) throws {
        var random = InputGenerator(bytes)
        let whole = read(bytes, ends: [bytes.count])
        for ends in [Array(0...bytes.count), random.ends(of: bytes.count)] {
            let pieces = read(bytes, ends: ends)
            try require(pieces == whole, "whole \(whole), pieces \(pieces)")
        }
        try require(whole.consumed <= bytes.count, "more than there is")
        try require(whole.bodyBytes <= Int64(whole.consumed), "a body larger than its chunks")
        try require(whole.state != .more || whole.consumed == bytes.count, "bytes are left")
        // For longer input the decoder has limits that the grammar lacks.
        guard bytes.count < 4096 else { return }
        var grammar = ChunkedGrammar(bytes: bytes.array)
        let state = grammar.read()
        try require(state == whole.state, "\(whole), by the grammar \(state)")
        guard state == .finished else { return }
        try require(grammar.at == whole.consumed, "\(whole), by the grammar \(grammar.at) bytes")
        try require(grammar.bodyBytes == whole.bodyBytes, "\(whole) of \(grammar.bodyBytes)")
    }

    private static func read(_ bytes: Span<UInt8>, ends: [Int]) -> Reading {
        var decoder = ChunkedDecoder()
        var reading = Reading()
        for end in ends {
            let (consumed, state) = decoder.consume(bytes.slice(from: reading.consumed, to: end))
            reading.consumed += consumed
            reading.state = state
            reading.bodyBytes = decoder.bodyBytes
            if state != .more { break }
        }
        return reading
    }
}

/// RFC 9112, section 7.1, with CRLF only, and no control characters that could be confused with it.
private struct ChunkedGrammar {
    /// The reason why parsing stopped.
    enum Stop: Error { case more, invalid }

    let bytes: [UInt8]
    var at = 0
    var bodyBytes: Int64 = 0

    mutating func read() -> ChunkedDecoder.State {
        do throws(Stop) {
            while case let size = try readSizeLine(), size > 0 {
                guard size <= bytes.count - at else { return .more }
                at += Int(size)
                bodyBytes += size
                try readLineEnd()
            }
            while try next() != 0x0D { try skipLine() }
            try readLineEnd()
            return .finished
        } catch {
            return error == .more ? .more : .invalid
        }
    }

    private func next() throws(Stop) -> UInt8 {
        guard at < bytes.count else { throw .more }
        return bytes[at]
    }

    private mutating func readSizeLine() throws(Stop) -> Int64 {
        var digits = ""
        while case let byte = Character(Unicode.Scalar(try next())), byte.isHexDigit {
            digits.append(byte)
            guard digits.count <= 16, Int64(digits, radix: 16) != nil else { throw .invalid }
            at += 1
        }
        guard let size = Int64(digits, radix: 16) else { throw .invalid }
        while case let byte = try next(), byte == 0x20 || byte == 0x09 { at += 1 }
        if try next() == 0x3B { try skipLine() } else { try readLineEnd() }
        return size
    }

    /// Skips the rest of a line with arbitrary content.
    private mutating func skipLine() throws(Stop) {
        while case let byte = try next(), byte != 0x0D {
            guard byte != 0x0A, byte != 0 else { throw .invalid }
            at += 1
        }
        try readLineEnd()
    }

    private mutating func readLineEnd() throws(Stop) {
        for expected in [0x0D, 0x0A] as [UInt8] {
            guard try next() == expected else { throw .invalid }
            at += 1
        }
    }
}
