import HTTP
import Linux

// autoindex_format json, jsonp and xml: byte for byte as nginx writes them. Times are UTC whatever
// autoindex_localtime says, as there.
extension DirectoryListing {
    /// `autoindex_format json`.
    public func json() -> [UInt8] {
        page(atMost: jsonLimit) { appendJSON(to: &$0) }
    }

    /// `autoindex_format jsonp`: JSON as the argument of a call of `callback`, which
    /// ``isCallback(_:)`` must have allowed; JSON alone when it is empty.
    public func jsonp(callback: Span<UInt8>) -> [UInt8] {
        guard callback.count > 0 else { return json() }
        return page(atMost: jsonLimit + callback.count) { page in
            page.append("/* callback */\r\n")
            page.append(callback)
            page.append("(")
            appendJSON(to: &page)
            page.append(");")
        }
    }

    /// A byte of a name is six at most: \u001F.
    private var jsonLimit: Int { 64 + nameBytes * 6 + entries.count * 128 }

    /// Whether `name` (the argument `callback` as it stands in the query) may name a function: at
    /// most 128 letters, digits, `_`, `$` and `.`. nginx answers another with 400.
    public static func isCallback(_ name: Span<UInt8>) -> Bool {
        guard name.count <= 128 else { return false }
        for index in name.indices {
            switch name[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"),
                UInt8(ascii: "."):
                continue
            default: return false
            }
        }
        return true
    }

    /// `autoindex_format xml`.
    public func xml() -> [UInt8] {
        // A byte of a name is six at most: &quot;
        page(atMost: 64 + nameBytes * 6 + entries.count * 128) { page in
            page.append("<?xml version=\"1.0\"?>\r\n<list>\r\n")
            for entry in entries { append(xml: entry, to: &page) }
            page.append("</list>\r\n")
        }
    }

    private func append(xml entry: Entry, to page: inout HeadWriter) {
        let element = entry.typeName
        page.append("<")
        page.append(element)
        page.append(" mtime=\"")
        entry.appendTime(to: &page)
        if entry.kind == .regular {
            page.append("\" size=\"")
            page.append(decimal: entry.size)
        }
        page.append("\">")
        withName(of: entry) { page.append(xml: $0) }
        page.append("</")
        page.append(element)
        page.append(">\r\n")
    }

    private func appendJSON(to page: inout HeadWriter) {
        page.append("[")
        for entry in entries {
            page.append("\r\n{ \"name\":\"")
            withName(of: entry) { page.append(json: $0) }
            page.append("\", \"type\":\"")
            page.append(entry.typeName)
            page.append("\", \"mtime\":\"")
            HTTPDate.write(entry.modified, into: &page)
            page.append("\"")
            if entry.kind == .regular {
                page.append(", \"size\":")
                page.append(decimal: entry.size)
            }
            page.append(" },")
        }
        if !entries.isEmpty { page.truncate(to: page.count - 1) }
        page.append("\r\n]")
    }
}

extension DirectoryListing.Entry {
    fileprivate var typeName: StaticString {
        switch kind {
        case .regular: return "file"
        case .directory: return "directory"
        case .other: return "other"
        }
    }

    /// `2026-11-21T10:00:00Z`.
    fileprivate func appendTime(to writer: inout HeadWriter) {
        let time = CivilTime(modified)
        writer.append(twoDigits: time.year / 100)
        writer.append(twoDigits: time.year % 100)
        writer.append(byte: UInt8(ascii: "-"))
        writer.append(twoDigits: time.month)
        writer.append(byte: UInt8(ascii: "-"))
        writer.append(twoDigits: time.day)
        writer.append(byte: UInt8(ascii: "T"))
        writer.append(twoDigits: time.hour)
        writer.append(byte: UInt8(ascii: ":"))
        writer.append(twoDigits: time.minute)
        writer.append(byte: UInt8(ascii: ":"))
        writer.append(twoDigits: time.second)
        writer.append(byte: UInt8(ascii: "Z"))
    }
}

extension HeadWriter {
    /// As nginx escapes in a JSON string: what RFC 8259 requires, and no more.
    fileprivate mutating func append(json text: Span<UInt8>) {
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\""): append("\\\"")
            case 0x08: append("\\b")
            case 0x09: append("\\t")
            case 0x0A: append("\\n")
            case 0x0C: append("\\f")
            case 0x0D: append("\\r")
            case let byte where byte < 0x20:
                append("\\u00")
                append(byte: UInt8(ascii: "0") &+ (byte >> 4))
                let digit = byte & 15
                append(byte: digit &+ (digit < 10 ? 0x30 : 0x37))
            case let byte: append(byte: byte)
            }
        }
    }

    /// As nginx escapes in XML: it leaves the apostrophe alone.
    fileprivate mutating func append(xml text: Span<UInt8>) {
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "&"): append("&amp;")
            case UInt8(ascii: "<"): append("&lt;")
            case UInt8(ascii: ">"): append("&gt;")
            case UInt8(ascii: "\""): append("&quot;")
            case let byte: append(byte: byte)
            }
        }
    }
}
