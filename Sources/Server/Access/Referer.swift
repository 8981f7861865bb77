import Files
import HTTP
import Linux

/// $invalid_referer (ngx_http_referer_module).
enum Referer {
    static func writeInvalidReferer(
        _ request: borrowing Request, _ services: borrowing Services, into writer: inout ByteWriter
    ) -> Bool {
        let index = services.plan.locations[Int(request.location)].access
        guard index >= 0, let referers = services.plan.accesses[Int(index)].referers else {
            return true
        }
        guard let field = request.parser.head.field(.referer) else {
            if !referers.matchesNone { writer.append("1") }
            return true
        }
        let received = request.received
        switch services.plan.matchReferer(referer: received.slice(field), referers) {
        case .valid: break
        case .invalid: writer.append("1")
        case .limitReached:
            services.logError(.error, "a valid_referers regex took too many steps", request)
            writer.append("1")
        }
        return true
    }
}

/// The verdict on a Referer header.
enum RefererVerdict {
    case valid, invalid
    /// A regular expression took too many steps.
    case limitReached
}

extension Plan {
    /// The size of nginx's buffer for a host.
    private static let maxHostLength = 256

    /// Checks whether a Referer is one of valid_referers: by its host and the prefix of its path,
    /// or by the part after the scheme. Without a scheme it counts as blocked.
    func matchReferer(referer: Span<UInt8>, _ referers: RefererPlan) -> RefererVerdict {
        var start = 0
        // As in nginx: a shorter one cannot be `http://i.ru`.
        if referer.count >= 11 {
            if referer.startsIgnoringCase("http://") { start = 7 }
            if referer.startsIgnoringCase("https://") { start = 8 }
        }
        guard start > 0 else { return referers.matchesBlocked ? .valid : .invalid }
        let rest = referer.slice(from: start, to: referer.count)
        var end = 0
        while end < rest.count, rest[end] != UInt8(ascii: "/"), rest[end] != UInt8(ascii: ":") {
            end &+= 1
        }
        guard end <= Plan.maxHostLength else { return .invalid }
        let host = (0..<end).map { rest[$0].asciiLowercased }
        let path = server(for: host.span, at: referers.hosts).server
        if path >= 0 {
            let wanted = referers.paths[Int(path)]
            let slash = rest.firstIndex(of: UInt8(ascii: "/"), from: end) ?? rest.count
            let found = rest.slice(from: slash, to: slash &+ wanted.count)
            return wanted.span.equals(found) ? .valid : .invalid
        }
        var verdict = RefererVerdict.invalid
        if matches(host.span, referers.hostRegexes, &verdict) { return .valid }
        if matches(rest, referers.regexes, &verdict) { return .valid }
        return verdict
    }

    private func matches(
        _ subject: Span<UInt8>, _ table: PlanTable<Int32>, _ verdict: inout RefererVerdict
    ) -> Bool {
        for index in 0..<table.count {
            switch regexes[Int(table[index])].matches(subject) {
            case .match: return true
            case .limitReached: verdict = .limitReached
            case .noMatch, .failed: break
            }
        }
        return false
    }
}
