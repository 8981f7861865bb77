import HTTP
import Linux

extension DirectoryListing {
    /// `autoindex_format`.
    public enum Format: UInt8, Sendable {
        case html, json, jsonp, xml

        /// The media type of the response, as nginx sends it. Without a callback, jsonp has json's.
        public var contentType: StaticString {
            switch self {
            case .html: return "text/html"
            case .json: return "application/json"
            case .jsonp: return "application/javascript"
            case .xml: return "text/xml"
            }
        }
    }

    /// The look of the page.
    public struct Style: Sendable {
        /// `autoindex_format`; jsonp needs a `callback`.
        public var format = Format.html
        /// `autoindex_exact_size`: bytes rather than K, M and G.
        public var showsExactSize = true
        /// `autoindex_localtime`: seconds east of UTC to add to times; 0 shows UTC.
        public var offsetSeconds: Int64 = 0
        /// Whether there is a link to the parent directory; false at the root of the site.
        public var linksToParent = true
        /// `autoindex_sort`: whether the titles of the columns are links that sort by them.
        public var linksToOrders = false
        /// The order of the names.
        public var order = Order()
        /// The path of the directory in the URL, decoded, with a trailing slash.
        public var path: [UInt8] = []
        /// The function that jsonp calls, accepted by ``isCallback(_:)``.
        public var callback: [UInt8] = []

        /// Creates nginx's defaults.
        public init() {}
    }
}

// The HTML page: one row per line; links are relative, as in nginx's page, so that scripts that
// look for `href="` keep working.
extension DirectoryListing.Style {
    func htmlHead() -> [UInt8] {
        // A byte of the path takes at most six: &quot;
        ByteWriter.bytes(atMost: 4096 + path.count * 12) { page in
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
            page.append(html: path.span)
            page.append("</title>\n<style>\n")
            page.append(DirectoryListing.styleSheet)
            page.append("</style>\n</head>\n<body>\n<h1>Index of ")
            page.append(html: path.span)
            page.append("</h1>\n<table>\n<thead><tr>")
            appendTitle("Name", .name, "N", to: &page)
            appendTitle("Modified", .modified, "M", to: &page)
            appendTitle("Size", .size, "S", to: &page)
            page.append("</tr></thead>\n<tbody>\n")
            if linksToParent {
                page.append("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n")
            }
        }
    }

    /// Appends the title of a column. Its link sorts by the column, in reverse if the page is
    /// sorted by it already.
    private func appendTitle(
        _ title: StaticString, _ key: DirectoryListing.Order.Key, _ letter: StaticString,
        to page: inout ByteWriter
    ) {
        guard linksToOrders else {
            page.append("<th scope=\"col\">")
            page.append(title)
            page.append("</th>")
            return
        }
        let isSorted = order.key == key
        page.append("<th scope=\"col\"")
        if isSorted {
            page.append(" aria-sort=\"")
            page.append(order.isDescending ? "descending\"" : "ascending\"")
        }
        page.append("><a href=\"?C=")
        page.append(letter)
        page.append(isSorted && !order.isDescending ? "&amp;O=D\">" : "&amp;O=A\">")
        page.append(title)
        page.append("</a></th>")
    }

    func htmlTail(isEmpty: Bool) -> [UInt8] {
        ByteWriter.bytes(atMost: 256) { page in
            page.append("</tbody>\n</table>\n")
            if isEmpty { page.append("<p>This directory is empty.</p>\n") }
            page.append("</body>\n</html>\n")
        }
    }

    /// Appends a row of the HTML page. A byte of a name takes at most three in the link and six in
    /// the text.
    func appendHTML(
        _ entry: DirectoryListing.Entry, named name: Span<UInt8>, to page: inout ByteWriter
    ) {
        page.append("<tr><td><a href=\"")
        RequestTarget.escape(component: name, into: &page)
        page.append(entry.kind == .directory ? "/\">" : "\">")
        page.append(html: name)
        page.append(entry.kind == .directory ? "/</a></td><td>" : "</a></td><td>")
        // A time at the end of its range stays there.
        let (local, overflow) = entry.modified.addingReportingOverflow(offsetSeconds)
        let time = CivilTime(overflow ? entry.modified : local)
        page.append(twoDigits: time.day)
        page.append(byte: UInt8(ascii: "-"))
        page.append(time.monthName)
        page.append(byte: UInt8(ascii: "-"))
        page.append(year: time.year)
        page.append(byte: UInt8(ascii: " "))
        page.append(twoDigits: time.hour)
        page.append(byte: UInt8(ascii: ":"))
        page.append(twoDigits: time.minute)
        page.append("</td><td>")
        if entry.kind == .directory {
            page.append(byte: UInt8(ascii: "-"))
        } else if showsExactSize {
            page.append(decimal: entry.size)
        } else {
            DirectoryListing.append(rounded: entry.size, to: &page)
        }
        page.append("</td></tr>\n")
    }
}

extension DirectoryListing {
    fileprivate static let styleSheet: StaticString = """
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

    /// Appends a size in nginx's rounding: bytes up to 9999, then whole K, M and G to the nearest.
    fileprivate static func append(rounded size: Int64, to writer: inout ByteWriter) {
        let (unit, letter): (Int64, StaticString) =
            size >= 1 << 30
            ? (1 << 30, "G")
            : size >= 1 << 20 ? (1 << 20, "M") : size > 9999 ? (1 << 10, "K") : (1, "")
        let half = unit > 1 && size % unit >= unit / 2 ? Int64(1) : 0
        writer.append(decimal: size / unit &+ half)
        writer.append(letter)
    }
}

/// The built-in page of a status without an `error_page`: nginx's words, and about as many bytes,
/// because its size is logged and compared with `gzip_min_length`.
public enum ErrorPage {
    /// Returns the page. `reason` is the phrase after the status, or nil; `serverToken` is the line
    /// at the bottom, nil for none. Called when the configuration is loaded.
    public static func html(status: Int, reason: String?, serverToken: String?) -> [UInt8] {
        let title = Array((reason.map { "\(status) \($0)" } ?? "\(status)").utf8)
        let token = serverToken.map { Array($0.utf8) }
        // A byte of a text takes at most six: &quot;
        let limit = 512 + title.count * 12 + (token?.count ?? 0) * 6
        return ByteWriter.bytes(atMost: limit) { page in
            // Optional tags are left out.
            page.append("<!DOCTYPE html>\n<html lang=\"en\" style=\"")
            page.append("color-scheme:light dark;font-family:sans-serif\">\n")
            page.append("<meta charset=\"utf-8\">\n<title>")
            page.append(html: title.span)
            page.append("</title>\n<h1>")
            page.append(html: title.span)
            page.append("</h1>\n")
            if let token {
                page.append("<hr>")
                page.append(html: token.span)
                page.append("\n")
            }
        }
    }

    /// Comments that extend a page to more than 512 bytes, as nginx adds them (`msie_padding`).
    public static var padding: [UInt8] {
        let comment = "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
        return Array(String(repeating: comment, count: 6).utf8)
    }
}
