/// The entity tag that nginx builds from a file's time and size (RFC 9110, section 8.8.3).
public enum EntityTag {
    /// Writes `"MODIFIED-SIZE"` in hexadecimal, with `W/` before it if `isWeak`. Times are in
    /// seconds since 1970, sizes in bytes.
    public static func write(
        modified: Int64, size: Int64, isWeak: Bool = false, into writer: inout ByteWriter
    ) {
        if isWeak { writer.append("W/") }
        writer.append(byte: 0x22)
        write(modified, into: &writer)
        writer.append(byte: 0x2D)
        write(size, into: &writer)
        writer.append(byte: 0x22)
    }

    /// Writes the longer form, `"MODIFIED-SIZE-NANOSECONDS"`, with the nanoseconds of ctime: it
    /// distinguishes versions with the same second and the same size.
    public static func write(
        modified: Int64, size: Int64, changedNanoseconds: UInt32, isWeak: Bool = false,
        into writer: inout ByteWriter
    ) {
        if isWeak { writer.append("W/") }
        writer.append(byte: 0x22)
        write(modified, into: &writer)
        writer.append(byte: 0x2D)
        write(size, into: &writer)
        writer.append(byte: 0x2D)
        writer.append(hexadecimal: UInt64(changedNanoseconds))
        writer.append(byte: 0x22)
    }

    private static func write(_ number: Int64, into writer: inout ByteWriter) {
        if number < 0 { writer.append(byte: 0x2D) }
        writer.append(hexadecimal: number.magnitude)
    }

    /// Returns true if a tag is marked as weak.
    public static func isWeak(_ tag: Span<UInt8>) -> Bool {
        tag.count > 2 && tag[0] == 0x57 && tag[1] == 0x2F
    }

    /// Returns true if the value of an If-None-Match header, a list or `*`, has the tag, weak or
    /// not (RFC 9110, section 8.8.3.2). An empty tag, for a file without one, only matches `*`.
    public static func weakMatch(_ tag: Span<UInt8>, in list: Span<UInt8>) -> Bool {
        if isAny(list) { return true }
        let opaque = isWeak(tag) ? tag.extracting(droppingFirst: 2) : tag
        return contains(opaque, in: list, ignoringWeakness: true)
    }

    /// Returns true if the value of an If-Match header, a list or `*`, has the tag and neither is
    /// weak (RFC 9110, section 8.8.3.2). An empty tag, for a file without one, only matches `*`.
    public static func strongMatch(_ tag: Span<UInt8>, in list: Span<UInt8>) -> Bool {
        if isAny(list) { return true }
        return !isWeak(tag) && contains(tag, in: list, ignoringWeakness: false)
    }

    private static func isAny(_ list: Span<UInt8>) -> Bool {
        list.count == 1 && list[0] == 0x2A
    }

    /// Searches a list as nginx's ngx_http_test_if_match does: members are separated by commas.
    private static func contains(
        _ tag: Span<UInt8>, in list: Span<UInt8>, ignoringWeakness: Bool
    ) -> Bool {
        guard tag.count > 0 else { return false }
        var start = 0
        while start < list.count {
            let comma = list.firstIndex(of: 0x2C, from: start) ?? list.count
            var member = list.slice(from: start, to: comma).trimmed()
            if ignoringWeakness, isWeak(member) { member = member.extracting(droppingFirst: 2) }
            if member.equals(tag) { return true }
            start = comma &+ 1
        }
        return false
    }
}
