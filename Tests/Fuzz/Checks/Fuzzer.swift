import HTTP

/// A property that did not hold for an input.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

/// A part of the server that parses input from others, and the properties that hold for any input:
/// no trap, termination, and those that its check tests.
struct Fuzzer: Sendable {
    /// The name, also of the corpus directory.
    let name: String
    /// Checks an input. Throws a `Violation`; a trap is a failure too.
    let check: @Sendable (Span<UInt8>) throws -> Void

    static let all = [
        Fuzzer(name: "request", check: RequestFuzzer.fuzz),
        Fuzzer(name: "target", check: TargetFuzzer.fuzz),
        Fuzzer(name: "ranges", check: RangeFuzzer.fuzz),
        Fuzzer(name: "dates", check: DateFuzzer.fuzz),
        Fuzzer(name: "accept-encoding", check: AcceptEncodingFuzzer.fuzz),
        Fuzzer(name: "preconditions", check: PreconditionFuzzer.fuzz),
        Fuzzer(name: "chunked", check: ChunkedFuzzer.fuzz),
        Fuzzer(name: "configuration", check: ConfigurationFuzzer.fuzz),
        Fuzzer(name: "log-escape", check: LogEscapeFuzzer.fuzz),
        Fuzzer(name: "proxy-header", check: ProxyHeaderFuzzer.fuzz),
    ]
}

/// Throws a `Violation` if `condition` is false.
func require(
    _ condition: Bool, _ message: @autoclosure () -> String
) throws(Violation) {
    guard condition else { throw Violation(description: message()) }
}

extension Span where Element == UInt8 {
    /// The bytes as an array, for simple models.
    var array: [UInt8] {
        var array: [UInt8] = []
        array.reserveCapacity(count)
        for index in indices { array.append(self[index]) }
        return array
    }
}

extension [UInt8] {
    /// Returns the bytes between separators, including empty parts.
    func parts(separatedBy byte: UInt8) -> [[UInt8]] {
        split(separator: byte, omittingEmptySubsequences: false).map(Array.init)
    }

    /// The bytes without spaces and tabs at both ends.
    var withoutSpaces: [UInt8] {
        Array(drop { $0 == 0x20 || $0 == 0x09 }.reversed().drop { $0 == 0x20 || $0 == 0x09 })
            .reversed()
    }

    /// The bytes with ASCII letters in lower case.
    var inLowerCase: [UInt8] { map(\.asciiLowercased) }

    /// True if the bytes contain `text`.
    func contains(_ text: String) -> Bool {
        let sought = Array(text.utf8)
        guard count >= sought.count else { return false }
        return (0...(count - sought.count)).contains {
            self[$0] == sought[0] && self[$0..<($0 + sought.count)].elementsEqual(sought)
        }
    }

    /// The bytes as text, for messages.
    var text: String { String(decoding: self, as: UTF8.self) }
}

/// Returns what `body` writes into exactly `capacity` bytes, and whether they were enough.
func written(
    _ capacity: Int, _ body: (inout ByteWriter) throws -> Void
) rethrows -> (bytes: [UInt8], hasOverflowed: Bool) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(capacity, 1), alignment: 1)
    defer { unsafe memory.deallocate() }
    var writer = unsafe ByteWriter(unsafe: memory, capacity: capacity)
    try body(&writer)
    return (writer.bytes.array, writer.hasOverflowed)
}

/// A generator that is seeded by the input, so that corpus files need no bytes for choices and look
/// like what a client would send.
struct InputGenerator: RandomNumberGenerator {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// Creates a generator seeded by the bytes: FNV-1a.
    init(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            state = (state ^ UInt64(bytes[index])) &* 0x0100_0000_01B3
        }
    }

    /// Returns the next number: SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Returns up to six sorted offsets at which to split `count` bytes; the last one is `count`.
    mutating func ends(of count: Int) -> [Int] {
        var ends = [count]
        for _ in 0..<Int.random(in: 0...5, using: &self) {
            ends.append(Int.random(in: 0...count, using: &self))
        }
        return ends.sorted()
    }
}
