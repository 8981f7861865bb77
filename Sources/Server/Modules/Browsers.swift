import HTTP
import Linux

/// Directives for specific browsers: keepalive_disable, msie_refresh and msie_padding.
enum Browsers {
    /// Returns true if keepalive_disable closes the connection of a client with this user agent.
    static func closesForBrowser(_ request: borrowing Request, _ location: LocationPlan) -> Bool {
        let isPost = request.parser.head.method == .post
        guard isPost || location.features.contains(.limitsKeepalive),
            let field = request.parser.head.field(.userAgent)
        else { return false }
        let browser = Browser(request.received.slice(field))
        let disabled = location.timeouts.keepaliveDisable
        return isPost && browser == .oldExplorer && disabled.contains(.msie6)
            || browser == .safari && disabled.contains(.safari)
    }

    /// Returns true if the user agent is Internet Explorer.
    static func isExplorer(_ request: borrowing Request) -> Bool {
        guard let field = request.parser.head.field(.userAgent) else { return false }
        let browser = Browser(request.received.slice(field))
        return browser == .explorer || browser == .oldExplorer
    }

    /// Returns true if a built-in page is padded (`msie_padding`). Both forms may be cached.
    static func padsPage(
        of status: Int, _ request: inout Request, _ location: LocationPlan
    ) -> Bool {
        guard status >= 400, location.features.contains(.padsErrorPages) else { return false }
        let isPadded = needsPadding(request)
        request.recorder.padding = isPadded ? .padded : .unpadded
        return isPadded
    }

    /// Returns true for Internet Explorer and Chrome, which replace short error pages with their
    /// own.
    static func needsPadding(_ request: borrowing Request) -> Bool {
        guard let field = request.parser.head.field(.userAgent),
            request.parser.head.version > .http09
        else { return false }
        switch Browser(request.received.slice(field)) {
        case .explorer, .oldExplorer, .chrome: return true
        case .other, .safari: return false
        }
    }

    /// Sends a page that refreshes to another address, in place of a redirect.
    static func respondWithRefresh(_ request: inout Request, _ services: inout Services) {
        let target = request.context?.target ?? []
        let page = services.bytes { (_, writer) in
            writer.append("<html><head><meta http-equiv=\"Refresh\" content=\"0; URL=")
            for byte in target {
                switch byte {
                case 0...0x20, 0x22, 0x25, 0x27, 0x7F...:
                    writer.append(byte: UInt8(ascii: "%"))
                    if byte < 16 { writer.append(byte: UInt8(ascii: "0")) }
                    writer.append(hexadecimal: UInt64(byte))
                default: writer.append(byte: byte)
                }
            }
            writer.append("\"></head><body></body></html>\r\n")
        }
        let outcome = BuiltInResponse.respondWithText(
            200, page, type: services.plan.htmlType, &request, &services)
        if case .status(let status) = outcome {
            BuiltInResponse.respondWithStatus(status, &request, &services)
        }
    }
}

/// The browser that nginx infers from a User-Agent.
enum Browser {
    case other, explorer, oldExplorer, safari, chrome

    init(_ agent: Span<UInt8>) {
        self = .other
        if agent.index(of: "Opera") != nil { return }
        if let start = agent.index(of: "MSIE "), start &+ 7 < agent.count {
            self = .explorer
            guard agent[start &+ 6] == UInt8(ascii: ".") else { return }
            switch agent[start &+ 5] {
            case UInt8(ascii: "4"), UInt8(ascii: "5"): self = .oldExplorer
            case UInt8(ascii: "6"):
                let rest = agent.slice(from: start &+ 8, to: agent.count)
                if rest.index(of: "SV1") == nil { self = .oldExplorer }
            default: break
            }
            return
        }
        if agent.index(of: "Gecko/") != nil { return }
        if agent.index(of: "Chrome/") != nil {
            self = .chrome
        } else if agent.index(of: "Safari/") != nil, agent.index(of: "Mac OS X") != nil {
            self = .safari
        }
    }
}

extension Span where Element == UInt8 {
    /// Returns the index where a text begins; nil if it does not occur.
    fileprivate func index(of text: StaticString) -> Int? {
        let length = text.utf8CodeUnitCount
        var start = 0
        while start &+ length <= count {
            if slice(from: start, to: start &+ length).equals(text) { return start }
            start &+= 1
        }
        return nil
    }
}
