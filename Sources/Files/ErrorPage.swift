import HTTP

/// The page that is sent with a status when no `error_page` names another: nginx's words, and about
/// as few bytes, because its size decides what `gzip_min_length` does and is logged.
public enum ErrorPage {
    /// The page. `reason` is the phrase after the status, or nil; `serverToken` is the line at the
    /// foot, nil for none. To be made once, when the configuration is loaded.
    public static func html(status: Int, reason: String?, serverToken: String?) -> [UInt8] {
        let title = Array((reason.map { "\(status) \($0)" } ?? "\(status)").utf8)
        let token = serverToken.map { Array($0.utf8) }
        // A byte of a text is six at most: &quot;
        let limit = 512 + title.count * 12 + (token?.count ?? 0) * 6
        return page(atMost: limit) { page in
            // The tags that HTML lets one leave out are left out.
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

    /// Comments behind a page that make it longer than 512 bytes, as nginx adds them
    /// (`msie_padding`).
    public static var padding: [UInt8] {
        let comment = "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
        return Array(String(repeating: comment, count: 6).utf8)
    }
}
