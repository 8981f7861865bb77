/// Status codes (RFC 9110, section 15) in nginx's words.
public enum Status {
    /// The phrase of a status line; empty for codes that nginx has none for.
    public static func reason(_ code: Int) -> StaticString {
        switch code {
        case 100: return "Continue"
        case 200: return "OK"
        case 201: return "Created"
        case 202: return "Accepted"
        case 204: return "No Content"
        case 206: return "Partial Content"
        case 301: return "Moved Permanently"
        case 302: return "Moved Temporarily"
        case 303: return "See Other"
        case 304: return "Not Modified"
        case 307: return "Temporary Redirect"
        case 308: return "Permanent Redirect"
        case 500...: return serverError(code)
        default: return clientError(code)
        }
    }

    /// Whether an answer of this status says where to go instead.
    public static func isRedirect(_ code: Int) -> Bool {
        switch code {
        case 301, 302, 303, 307, 308: true
        default: false
        }
    }

    private static func clientError(_ code: Int) -> StaticString {
        switch code {
        case 400: return "Bad Request"
        case 401: return "Unauthorized"
        case 402: return "Payment Required"
        case 403: return "Forbidden"
        case 404: return "Not Found"
        case 405: return "Not Allowed"
        case 406: return "Not Acceptable"
        case 408: return "Request Time-out"
        case 409: return "Conflict"
        case 410: return "Gone"
        case 411: return "Length Required"
        case 412: return "Precondition Failed"
        case 413: return "Request Entity Too Large"
        case 414: return "Request-URI Too Large"
        case 415: return "Unsupported Media Type"
        case 416: return "Requested Range Not Satisfiable"
        case 421: return "Misdirected Request"
        case 429: return "Too Many Requests"
        case 431: return "Request Header Fields Too Large"
        default: return ""
        }
    }

    private static func serverError(_ code: Int) -> StaticString {
        switch code {
        case 500: return "Internal Server Error"
        case 501: return "Not Implemented"
        case 502: return "Bad Gateway"
        case 503: return "Service Temporarily Unavailable"
        case 504: return "Gateway Time-out"
        case 505: return "HTTP Version Not Supported"
        case 507: return "Insufficient Storage"
        default: return ""
        }
    }

    /// The code that is sent for one: nginx's own codes of a bad request are sent as 400.
    public static func sent(_ code: Int) -> Int {
        switch code {
        case 494...497: return 400
        default: return code
        }
    }

    /// The title of nginx's page for a code, after the code that is sent: three of them have
    /// other words than the status line.
    public static func title(_ code: Int) -> StaticString {
        switch code {
        case 302: return "Found"
        case 401: return "Authorization Required"
        case 494: return "Request Header Or Cookie Too Large"
        default: return reason(code)
        }
    }
}
