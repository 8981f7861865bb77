import Files
import HTTP
import Linux

/// Responses with 304 in place of a 200. A 304 has the same ETag, Vary, Cache-Control and Expires
/// as the 200 would (RFC 9110, section 15.4.5), so each decision that changes them is made as for
/// the 200.
extension Worker {
    /// Sends the 304 of a file; `whole` is the head of the 200 after the body filters.
    mutating func respondNotModified(
        _ whole: ResponseHead, _ found: FoundFile, _ filters: BodyFilters, _ slot: Int,
        _ exchange: Int, _ location: LocationPlan
    ) -> Outcome {
        var head = whole
        var isPlain = head.contentLength >= 0
        if head.coding == .identity, shouldCompress(head, slot, exchange, location) {
            isPlain =
                isPlain && findVariant(of: found, head, filters, exchange, location) == nil
                && !hasTrailers(head.status, exchange, location)
                && isSentUncompressed(found, filters, location)
            head.isWeak = head.isWeak || !isPlain
        }
        if isPlain, head.coding == .identity, isStrict(exchange), refusesUncompressed(exchange) {
            closeSource(exchange)
            return .status(406)
        }
        sendNotModified(head, slot, exchange, location)
        return .responded
    }

    /// Sends the 304 of a generated body; `plain` is the head of the 200 before the body filters.
    mutating func respondNotModified(
        _ plain: ResponseHead, _ slot: Int, _ exchange: Int, _ location: LocationPlan
    ) {
        var head = plain
        _ = filter(&head, slot, exchange, location)
        if head.coding == .identity, shouldCompress(head, slot, exchange, location) {
            head.isWeak = true
        }
        sendNotModified(head, slot, exchange, location)
    }

    private mutating func sendNotModified(
        _ whole: ResponseHead, _ slot: Int, _ exchange: Int, _ location: LocationPlan
    ) {
        explanation?.note("preconditions: the client has this version already")
        closeSource(exchange)
        var head = whole
        head.status = 304
        head.hidesContent = true
        head.acceptsRanges = false
        head.varies = exchanges[exchange].varies && location.features.contains(.gzipVary)
        appendHead(head, slot, exchange)
    }
}
