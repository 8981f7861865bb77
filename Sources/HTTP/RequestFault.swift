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
