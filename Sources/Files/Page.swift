import HTTP

/// The bytes that `write` writes, which are `limit` at most. Memory that it does not write to is
/// never touched, so that the limit may be a generous one.
func page(atMost limit: Int, _ write: (inout HeadWriter) -> Void) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: limit) { memory, count in
        guard let start = memory.baseAddress else { return }
        var writer = unsafe HeadWriter(
            unsafe: UnsafeMutableRawPointer(start), capacity: memory.count)
        write(&writer)
        count = writer.count
    }
}

extension HeadWriter {
    mutating func append(html text: Span<UInt8>) { RequestTarget.escape(html: text, into: &self) }
}
