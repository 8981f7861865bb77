import HTTP

/// Returns the bytes that `write` writes, at most `limit`. Memory that it does not write to is
/// never touched, so that the limit may be generous.
func page(atMost limit: Int, _ write: (inout ByteWriter) -> Void) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: limit) { memory, count in
        guard let start = memory.baseAddress else { return }
        var writer = unsafe ByteWriter(
            unsafe: UnsafeMutableRawPointer(start), capacity: memory.count)
        write(&writer)
        count = writer.count
    }
}

extension ByteWriter {
    mutating func append(html text: Span<UInt8>) { RequestTarget.escape(html: text, into: &self) }
}
