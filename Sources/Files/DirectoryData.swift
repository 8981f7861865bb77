import HTTP
import Linux

// autoindex_format json, jsonp and xml: byte for byte as nginx writes them. Times are UTC whatever
// autoindex_localtime says, as in nginx.
extension DirectoryListing {
    /// Returns true if `name` (the argument `callback` as written in the query) may name a
    /// function: at most 128 letters, digits, `_`, `$` and `.`. nginx responds to any other with
    /// 400.
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
}

extension DirectoryListing.Style {
    func jsonHead() -> [UInt8] {
        ByteWriter.bytes(atMost: 64 + callback.count) { page in
            if format == .jsonp {
                page.append("/* callback */\r\n")
                page.append(callback.span)
                page.append("(")
            }
            page.append("[")
        }
    }

    func jsonTail() -> [UInt8] { Array((format == .jsonp ? "\r\n]);" : "\r\n]").utf8) }

    /// Appends an entry as JSON. A byte of a name takes at most six: \u001F.
    func appendJSON(
        _ entry: DirectoryListing.Entry, named name: Span<UInt8>, isFirst: Bool,
        to page: inout ByteWriter
    ) {
        page.append(isFirst ? "\r\n{ \"name\":\"" : ",\r\n{ \"name\":\"")
        page.append(json: name)
        page.append("\", \"type\":\"")
        page.append(entry.typeName)
        page.append("\", \"mtime\":\"")
        HTTPDate.write(entry.modified, into: &page)
        page.append("\"")
        if entry.kind == .regular {
            page.append(", \"size\":")
            page.append(decimal: entry.size)
        }
        page.append(" }")
    }

    func xmlHead() -> [UInt8] { Array("<?xml version=\"1.0\"?>\r\n<list>\r\n".utf8) }

    func xmlTail() -> [UInt8] { Array("</list>\r\n".utf8) }

    /// Appends an entry as XML. A byte of a name takes at most six: &quot;
    func appendXML(
        _ entry: DirectoryListing.Entry, named name: Span<UInt8>, to page: inout ByteWriter
    ) {
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
        page.append(xml: name)
        page.append("</")
        page.append(element)
        page.append(">\r\n")
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

    /// Appends a time in the form `2026-11-21T10:00:00Z`.
    fileprivate func appendTime(to writer: inout ByteWriter) {
        let time = CivilTime(modified)
        writer.append(dateOf: time)
        writer.append(byte: UInt8(ascii: "T"))
        writer.append(timeOf: time)
        writer.append(byte: UInt8(ascii: "Z"))
    }
}
