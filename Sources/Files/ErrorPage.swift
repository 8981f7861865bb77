import HTTP

/// The page that is sent with a status when no `error_page` names another: nginx's words, with
/// care.
public enum ErrorPage {
    /// The page. `reason` is the phrase after the status, or nil; `serverToken` is the line at the
    /// foot, nil for none. To be made once, when the configuration is loaded.
    public static func html(status: Int, reason: String?, serverToken: String?) -> [UInt8] {
        let title = Array((reason.map { "\(status) \($0)" } ?? "\(status)").utf8)
        let token = serverToken.map { Array($0.utf8) }
        // A byte of a text is six at most: &quot;
        let limit = 2048 + title.count * 12 + (token?.count ?? 0) * 6
        return page(atMost: limit) {
            write(status: status, title: title.span, serverToken: token, into: &$0)
        }
    }

    private static func write(
        status: Int, title: Span<UInt8>, serverToken: [UInt8]?, into page: inout HeadWriter
    ) {
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        page.append("<meta name=\"viewport\" content=\"width=device-width\">\n<title>")
        page.append(html: title)
        page.append("</title>\n<style>\n")
        page.append(styleSheet)
        page.append("</style>\n</head>\n<body>\n<main>\n<h1>")
        page.append(html: title)
        page.append("</h1>\n")
        if let hint = hint(for: status) {
            page.append("<p>")
            page.append(hint)
            page.append("</p>\n")
        }
        page.append("</main>\n")
        if let serverToken {
            page.append("<footer>")
            page.append(html: serverToken.span)
            page.append("</footer>\n")
        }
        page.append("</body>\n</html>\n")
    }

    private static let styleSheet: StaticString = """
        :root{color-scheme:light dark}
        body{min-height:90vh;margin:0;padding:0 1rem;display:grid;place-content:center;\
        text-align:center;font:1rem/1.5 system-ui,sans-serif}
        h1{font-size:1.6rem;font-weight:600;margin:0}
        p{margin:.5rem 0 0}
        p,footer{opacity:.75}
        footer{margin-top:2rem;padding-top:.75rem;border-top:1px solid #8886;font-size:.85rem}

        """

    /// What the reader of the page may want to know or do, where the phrase does not say it.
    private static func hint(for status: Int) -> StaticString? {
        switch status {
        case 403: return "You may not see what is at this address."
        case 404: return "There is nothing at this address."
        case 405: return "This address does not take that method."
        case 413: return "That is more than this server takes."
        case 414: return "The address is too long."
        case 416: return "The file has no such part."
        case 429, 503: return "Please try again in a moment."
        case 500, 502, 504: return "Something went wrong on the server, not with you."
        default: return nil
        }
    }
}
