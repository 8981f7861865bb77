import HTTP

/// Something that did not hold for an input.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

/// One part of the server that reads what others wrote, and what must hold whatever that is: no
/// trap, an end, and the properties that its check tests.
struct Fuzzer: Sendable {
    /// Names the folder of the corpus, too.
    let name: String
    /// Throws a `Violation`; a trap is the other way to fail.
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

/// Stops the check of this input when `condition` does not hold.
func require(
    _ condition: Bool, _ message: @autoclosure () -> String
) throws(Violation) {
    guard condition else { throw Violation(description: message()) }
}

extension Span where Element == UInt8 {
    /// The bytes as an array, to be taken apart in simple ways.
    var array: [UInt8] {
        var array: [UInt8] = []
        array.reserveCapacity(count)
        for index in indices { array.append(self[index]) }
        return array
    }
}

extension [UInt8] {
    /// The bytes between separators, empty ones too.
    func parts(separatedBy byte: UInt8) -> [[UInt8]] {
        split(separator: byte, omittingEmptySubsequences: false).map(Array.init)
    }

    /// Without the spaces and tabs around.
    var withoutSpaces: [UInt8] {
        Array(drop { $0 == 0x20 || $0 == 0x09 }.reversed().drop { $0 == 0x20 || $0 == 0x09 })
            .reversed()
    }

    /// The letters of ASCII in lower case.
    var inLowerCase: [UInt8] { map(\.asciiLowercased) }

    /// Whether the bytes of `text` stand somewhere.
    func contains(_ text: String) -> Bool {
        let sought = Array(text.utf8)
        guard count >= sought.count else { return false }
        return (0...(count - sought.count)).contains {
            self[$0] == sought[0] && self[$0..<($0 + sought.count)].elementsEqual(sought)
        }
    }

    /// As text, for messages.
    var text: String { String(decoding: self, as: UTF8.self) }
}

/// What `body` writes into memory of exactly `capacity` bytes, and whether that was enough.
func written(
    _ capacity: Int, _ body: (inout ByteWriter) throws -> Void
) rethrows -> (bytes: [UInt8], hasOverflowed: Bool) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(capacity, 1), alignment: 1)
    defer { unsafe memory.deallocate() }
    var writer = unsafe ByteWriter(unsafe: memory, capacity: capacity)
    try body(&writer)
    return (writer.bytes.array, writer.hasOverflowed)
}

/// Numbers that are the same for the same input: so a corpus file needs no room for choices, and
/// stays what a client would send.
struct InputGenerator: RandomNumberGenerator {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// Seeded by the bytes: FNV-1a.
    init(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            state = (state ^ UInt64(bytes[index])) &* 0x0100_0000_01B3
        }
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Up to six places to cut `count` bytes at, sorted; the last one is `count`.
    mutating func ends(of count: Int) -> [Int] {
        var ends = [count]
        for _ in 0..<Int.random(in: 0...5, using: &self) {
            ends.append(Int.random(in: 0...count, using: &self))
        }
        return ends.sorted()
    }
}
