/// Status codes (RFC 9110, section 15) with nginx's reason phrases.
public enum Status {
    /// Returns the reason phrase of a status line; empty for codes without one in nginx.
    public static func reason(_ code: Int) -> StaticString {
        switch code {
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

    /// The reason phrase of 431 (RFC 6585, section 5). nginx has none for it, so it is sent with
    /// `strict_requests on` only.
    public static var fieldsTooLarge: StaticString { "Request Header Fields Too Large" }

    /// Returns true if a response with this status redirects.
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
        case 407: return "Proxy Authentication Required"
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

    /// Returns the code that is sent: nginx's own codes for bad requests are sent as 400.
    public static func sent(_ code: Int) -> Int {
        switch code {
        case 494...497: return 400
        default: return code
        }
    }

    /// True if nginx closes the connection without a response: 444 by definition, 408 and 499
    /// because they stand for a client that is gone.
    public static func closesSilently(_ code: Int) -> Bool {
        code == 444 || code == 408 || code == 499
    }

    /// Returns the code and title of nginx's page for a status. Some titles differ from the reason
    /// phrase; 498 has the page of 404.
    public static func title(_ code: Int) -> (code: Int, text: StaticString) {
        switch code {
        case 302: (code, "Found")
        case 401: (code, "Authorization Required")
        case 431: (code, fieldsTooLarge)
        case 494: (sent(code), "Request Header Or Cookie Too Large")
        case 495: (sent(code), "The SSL certificate error")
        case 496: (sent(code), "No required SSL certificate was sent")
        case 497: (sent(code), "The plain HTTP request was sent to HTTPS port")
        case 498: (404, reason(404))
        default: (code, reason(code))
        }
    }
}

/// The reason that a request was refused before it was processed.
public enum RequestFault: UInt8, BitwiseCopyable, Sendable, CaseIterable, Error {
    case invalidMethod, invalidRequestLine, invalidHTTP09Method, unsupportedVersion
    case requestLineTooLong, invalidHostInRequestLine
    case fieldLineTooLong, headTooLarge, tooManyFields
    case invalidField, duplicateField, duplicateHost, invalidHost, missingHost
    case invalidContentLength, lengthAndChunked, transferEncodingHTTP10, unknownTransferEncoding
    case connectMethod, traceMethod

    /// The status of the response. 494 is nginx's own code for a head that is too large:
    /// `error_page` may name it, and it is sent as 400.
    public var status: Int {
        switch self {
        case .unsupportedVersion: return 505
        case .requestLineTooLong: return 414
        case .fieldLineTooLong, .headTooLarge, .tooManyFields: return 494
        case .unknownTransferEncoding: return 501
        case .connectMethod, .traceMethod: return 405
        default: return 400
        }
    }

    /// True if the fault was found after the whole head was read, so that a Host that was not found
    /// is known to be missing.
    public var isAboutWholeHead: Bool {
        switch self {
        case .missingHost, .invalidContentLength, .lengthAndChunked, .transferEncodingHTTP10,
            .unknownTransferEncoding, .connectMethod, .traceMethod:
            true
        default: false
        }
    }

    /// The message for the error log, in nginx's words where nginx has one.
    public var reason: StaticString {
        switch self {
        case .invalidMethod: return "client sent invalid method"
        case .invalidRequestLine: return "client sent invalid request"
        case .invalidHTTP09Method: return "client sent invalid method in HTTP/0.9 request"
        case .unsupportedVersion: return "client sent invalid version"
        case .requestLineTooLong: return "client sent too long URI"
        case .invalidHostInRequestLine: return "client sent invalid host in request line"
        case .fieldLineTooLong: return "client sent too long header line"
        case .headTooLarge: return "client sent too large request"
        case .tooManyFields: return "client sent too many header lines"
        case .invalidField: return "client sent invalid header line"
        case .duplicateField: return "client sent duplicate header line"
        case .duplicateHost: return "client sent duplicate host header"
        case .invalidHost: return "client sent invalid host header"
        case .missingHost: return "client sent HTTP/1.1 request without \"Host\" header"
        case .invalidContentLength: return "client sent invalid \"Content-Length\" header"
        case .lengthAndChunked:
            return
                "client sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time"
        case .transferEncodingHTTP10:
            return "client sent HTTP/1.0 request with \"Transfer-Encoding\" header"
        case .unknownTransferEncoding: return "client sent unknown \"Transfer-Encoding\""
        case .connectMethod: return "client sent CONNECT method"
        case .traceMethod: return "client sent TRACE method"
        }
    }
}
