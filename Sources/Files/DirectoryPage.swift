import HTTP
import Linux

extension DirectoryListing {
    /// `autoindex_format`.
    public enum Format: UInt8, Sendable {
        case html, json, jsonp, xml

        /// The media type of the answer, as nginx sends it. For jsonp without a callback: json's.
        public var contentType: StaticString {
            switch self {
            case .html: return "text/html"
            case .json: return "application/json"
            case .jsonp: return "application/javascript"
            case .xml: return "text/xml"
            }
        }
    }

    /// How the page is written.
    public struct Style: Sendable {
        /// `autoindex_exact_size`: bytes rather than K, M and G.
        public var showsExactSize = true
        /// `autoindex_localtime`: what to add to a time, in seconds east of UTC; 0 shows UTC.
        public var offsetSeconds: Int64 = 0
        /// A link to the directory above; not at the site's root.
        public var linksToParent = true

        /// nginx's defaults.
        public init() {}
    }

    /// The page for the directory that is served as `path` (decoded, with its slash at the end).
    ///
    /// One row a line; its link is relative, as in nginx's page, so that scripts that look for
    /// `href="` find what they expect.
    public func html(path: Span<UInt8>, style: Style) -> [UInt8] {
        // A byte of a name takes three in the link and six in the text at most.
        let limit = 4096 + path.count * 12 + nameBytes * 9 + entries.count * 160
        return page(atMost: limit) { writeHTML(path: path, style: style, into: &$0) }
    }

    private func writeHTML(path: Span<UInt8>, style: Style, into page: inout HeadWriter) {
        page.append(
            """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <meta name="color-scheme" content="light dark">
            <title>Index of\u{20}
            """)
        page.append(html: path)
        page.append("</title>\n<style>\n")
        page.append(DirectoryListing.styleSheet)
        page.append("</style>\n</head>\n<body>\n<h1>Index of ")
        page.append(html: path)
        page.append("</h1>\n<table>\n<thead><tr><th scope=\"col\">Name</th>")
        page.append("<th scope=\"col\">Modified</th><th scope=\"col\">Size</th></tr></thead>\n")
        page.append("<tbody>\n")
        if style.linksToParent {
            page.append("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n")
        }
        for entry in entries { append(entry, to: &page, style) }
        page.append("</tbody>\n</table>\n")
        if entries.isEmpty { page.append("<p>This directory is empty.</p>\n") }
        page.append("</body>\n</html>\n")
    }

    private static let styleSheet: StaticString = """
        :root{color-scheme:light dark}
        body{max-width:56rem;margin:2.5rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}
        h1{font-size:1.3rem;overflow-wrap:anywhere}
        table{width:100%;border-collapse:collapse}
        th{font-size:.85rem;font-weight:400;opacity:.7;text-align:left}
        th,td{padding:.3rem .5rem;border-bottom:1px solid #8883;vertical-align:top}
        td:first-child{overflow-wrap:anywhere}
        td+td,th+th{white-space:nowrap;font-variant-numeric:tabular-nums}
        td+td{opacity:.8}
        :is(td,th):last-child{text-align:right}
        tbody tr:hover{background:#8882}
        a{color:light-dark(#0a58a8,#7db8f2);text-decoration:none}
        a:hover,a:focus{text-decoration:underline}
        @media(max-width:30rem){:is(td,th):nth-child(2){display:none}}

        """

    private func append(_ entry: Entry, to page: inout HeadWriter, _ style: Style) {
        page.append("<tr><td><a href=\"")
        withName(of: entry) { RequestTarget.escape(component: $0, into: &page) }
        page.append(entry.kind == .directory ? "/\">" : "\">")
        withName(of: entry) { page.append(html: $0) }
        page.append(entry.kind == .directory ? "/</a></td><td>" : "</a></td><td>")
        let time = CivilTime(entry.modified &+ style.offsetSeconds)
        page.append(twoDigits: time.day)
        page.append(byte: UInt8(ascii: "-"))
        page.append(time.monthName)
        page.append(byte: UInt8(ascii: "-"))
        page.append(decimal: Int64(time.year))
        page.append(byte: UInt8(ascii: " "))
        page.append(twoDigits: time.hour)
        page.append(byte: UInt8(ascii: ":"))
        page.append(twoDigits: time.minute)
        page.append("</td><td>")
        if entry.kind == .directory {
            page.append(byte: UInt8(ascii: "-"))
        } else if style.showsExactSize {
            page.append(decimal: entry.size)
        } else {
            DirectoryListing.append(rounded: entry.size, to: &page)
        }
        page.append("</td></tr>\n")
    }

    /// nginx's rounding: bytes up to 9999, then whole K, M and G to the nearest.
    private static func append(rounded size: Int64, to writer: inout HeadWriter) {
        let (unit, letter): (Int64, StaticString) =
            size >= 1 << 30
            ? (1 << 30, "G")
            : size >= 1 << 20 ? (1 << 20, "M") : size > 9999 ? (1 << 10, "K") : (1, "")
        let half = unit > 1 && size % unit >= unit / 2 ? Int64(1) : 0
        writer.append(decimal: size / unit &+ half)
        writer.append(letter)
    }
}
