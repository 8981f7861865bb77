import HTTP
import Linux

/// The time, read once per iteration of the event loop; its texts are formatted once a second.
struct CachedTime {
    /// Milliseconds of CLOCK_MONOTONIC.
    private(set) var monotonicMs: Int64 = 0
    /// Seconds since 1970.
    private(set) var seconds: Int64 = Int64.min
    /// The milliseconds of the current second.
    private(set) var milliseconds: Int64 = 0
    /// The HTTP date, as in `Sat, 21 Nov 2026 10:00:00 GMT`.
    private(set) var date = InlineText<32>()
    /// The local time for logs, as in `21/Nov/2026:10:00:00 +0000`.
    private(set) var logTime = InlineText<32>()
    /// The local time in ISO 8601, as in `2026-11-21T10:00:00+00:00`.
    private(set) var iso8601 = InlineText<32>()

    /// Reads the clocks.
    mutating func update() {
        monotonicMs = Clock.monotonicMs()
        let now = Clock.now()
        milliseconds = now.milliseconds
        if now.seconds != seconds { formatTexts(second: now.seconds) }
    }

    @inline(never)
    private mutating func formatTexts(second: Int64) {
        seconds = second
        date.write { HTTPDate.write(second, into: &$0) }
        let offset = Clock.localOffset(at: second)
        let local = CivilTime(second &+ offset)
        logTime.write { writer in
            writer.append(twoDigits: local.day)
            writer.append(byte: UInt8(ascii: "/"))
            writer.append(local.monthName)
            writer.append(byte: UInt8(ascii: "/"))
            writer.append(decimal: Int64(local.year))
            writer.append(byte: UInt8(ascii: ":"))
            writer.append(timeOf: local)
            writer.append(byte: UInt8(ascii: " "))
            CachedTime.writeZone(offset, colon: false, into: &writer)
        }
        iso8601.write { writer in
            writer.append(decimal: Int64(local.year))
            writer.append(byte: UInt8(ascii: "-"))
            writer.append(twoDigits: local.month)
            writer.append(byte: UInt8(ascii: "-"))
            writer.append(twoDigits: local.day)
            writer.append(byte: UInt8(ascii: "T"))
            writer.append(timeOf: local)
            CachedTime.writeZone(offset, colon: true, into: &writer)
        }
    }

    private static func writeZone(_ offset: Int64, colon: Bool, into writer: inout ByteWriter) {
        let minutes = Int(offset.magnitude / 60)
        writer.append(byte: offset < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        writer.append(twoDigits: minutes / 60)
        if colon { writer.append(byte: UInt8(ascii: ":")) }
        writer.append(twoDigits: minutes % 60)
    }
}

/// A text of at most `capacity` bytes, stored inline.
struct InlineText<let capacity: Int>: BitwiseCopyable {
    private var bytes = InlineArray<capacity, UInt8>(repeating: 0)
    private(set) var count = 0

    /// Replaces the text by the output of `body`; text that does not fit is left out.
    mutating func write(_ body: (inout ByteWriter) -> Void) {
        var memory = bytes.mutableSpan
        count = unsafe memory.withUnsafeMutableBytes { memory in
            guard let start = memory.baseAddress else { return 0 }
            var writer = unsafe ByteWriter(unsafe: start, capacity: memory.count)
            body(&writer)
            return writer.count
        }
    }

    /// The text.
    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.span.slice(from: 0, to: count) }
    }
}
