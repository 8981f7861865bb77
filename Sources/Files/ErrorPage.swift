import HTTP

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
        return page(atMost: limit) { page in
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
