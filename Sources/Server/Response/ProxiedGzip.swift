import HTTP
import Linux

/// gzip_proxied: compression of responses to requests that came through a proxy (ngx_http_gzip_ok).
enum ProxiedGzip {
    /// Returns true if the request came through a proxy.
    static func isProxied(_ request: borrowing Request) -> Bool {
        request.parser.head.field(.via) != nil
    }

    /// Returns true if gzip_proxied allows compression of a response. Only an added Last-Modified
    /// counts: when nginx decides, the file's own is not set yet.
    static func allowsProxied(
        _ head: ResponseHead, _ proxied: GzipProxied, _ request: inout Request,
        _ services: inout Services,
        _ location: LocationPlan
    ) -> Bool {
        if proxied.isEmpty { return false }
        if proxied.contains(.any) { return true }
        if proxied.contains(.authorized),
            request.parser.head.field(.authorization) != nil
        {
            return true
        }
        let added = knownFields(of: head, &request, &services, location)
        if let expires = added.expires {
            return proxied.contains(.expired) && expires < services.clock.seconds
        }
        if !added.cacheControls.isEmpty {
            let directives: [(GzipProxied, StaticString)] = [
                (.noCache, "no-cache"), (.noStore, "no-store"), (.isPrivate, "private"),
            ]
            return directives.contains { bit, name in
                proxied.contains(bit)
                    && added.cacheControls.contains { hasDirective(name, in: $0.span) }
            }
        }
        if proxied.contains(.noLastModified), added.addsModified { return false }
        let hasTag = added.tagLine.map { !$0.isEmpty } ?? head.hasETag || added.addsTag
        return !(proxied.contains(.noETag) && hasTag)
    }

    /// Returns the values of the fields that the location adds.
    private static func knownFields(
        of head: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) -> AddedFields {
        guard location.features.contains(.addsFields) else { return AddedFields() }
        return Headers.addedFields(to: head, &request, &services, location, isForGzip: true)
    }

    /// Returns true if a list of cache directives has this one, without a value.
    static func hasDirective(_ directive: StaticString, in list: Span<UInt8>) -> Bool {
        var start = 0
        while start < list.count {
            var end = start
            while end < list.count, list[end] != UInt8(ascii: ","), list[end] != UInt8(ascii: ";") {
                end &+= 1
            }
            let member = list.slice(from: start, to: end).trimmed()
            let endsHere = end == list.count || list[end] == UInt8(ascii: ",")
            if endsHere, member.equalsIgnoringCase(directive) { return true }
            start = end &+ 1
        }
        return false
    }
}
