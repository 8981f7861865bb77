import Files
import HTTP
import Linux

/// Responses with 304 in place of a 200. A 304 has the same ETag, Vary, Cache-Control and Expires
/// as the 200 would (RFC 9110, section 15.4.5), so each decision that changes them is made as for
/// the 200.
extension Worker {
    /// Sends the 304 of a file; `whole` is the head of the 200 after the body filters.
    mutating func respondNotModified(
        _ whole: ResponseHead, _ found: FoundFile, _ filters: BodyFilters,
        _ request: inout Request, _ location: LocationPlan
    ) -> Outcome {
        var head = whole
        var isPlain = head.contentLength >= 0
        if head.coding == .identity, shouldCompress(head, &request, location) {
            isPlain =
                isPlain && findVariant(of: found, head, filters, &request, location) == nil
                && !hasTrailers(head.status, request, location)
                && isSentUncompressed(found, filters, location)
            head.isWeak = head.isWeak || !isPlain
        }
        if isPlain, head.coding == .identity, isStrict(request), refusesUncompressed(request) {
            closeSource(&request)
            return .status(406)
        }
        sendNotModified(head, &request, location)
        return .responded
    }

    /// Sends the 304 of a generated body; `plain` is the head of the 200 before the body filters.
    mutating func respondNotModified(
        _ plain: ResponseHead, _ request: inout Request, _ location: LocationPlan
    ) {
        var head = plain
        _ = filter(&head, &request, location)
        if head.coding == .identity, shouldCompress(head, &request, location) {
            head.isWeak = true
        }
        sendNotModified(head, &request, location)
    }

    private mutating func sendNotModified(
        _ whole: ResponseHead, _ request: inout Request, _ location: LocationPlan
    ) {
        explanation?.note("preconditions: the client has this version already")
        closeSource(&request)
        var head = whole
        head.status = 304
        head.hidesContent = true
        head.acceptsRanges = false
        head.varies = request.varies && location.features.contains(.gzipVary)
        appendHead(head, &request)
    }
}
