import Files
import HTTP
import Linux

/// Responses with 304 in place of a 200. A 304 has the same ETag, Vary, Cache-Control and Expires
/// as the 200 would (RFC 9110, section 15.4.5), so each decision that changes them is made as for
/// the 200.
enum NotModified {
    /// Sends the 304 of a file; `whole` is the head of the 200 after the body filters.
    static func respondNotModified(
        _ whole: ResponseHead, _ found: FoundFile, _ filters: BodyFilters,
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome {
        var head = whole
        var isPlain = head.contentLength >= 0
        if head.coding == .identity,
            GzipFilter.shouldCompress(head, &request, &services, location)
        {
            isPlain =
                isPlain
                && CompressedVariantResponse.findVariant(
                    of: found, head, filters, &request, &services, location) == nil
                && !Headers.hasTrailers(head.status, request, services, location)
                && CompressedVariantResponse.isSentUncompressed(
                    found, filters, &request, services, location)
            head.isWeak = head.isWeak || !isPlain
        }
        if isPlain, head.coding == .identity, Content.isStrict(request, services),
            FileResponse.refusesUncompressed(request, services)
        {
            FileResponse.closeSource(&request, &services)
            return .status(406)
        }
        sendNotModified(head, &request, &services, location)
        return .responded
    }

    /// Sends the 304 of a generated body; `plain` is the head of the 200 before the body filters.
    static func respondNotModified(
        _ plain: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) {
        var head = plain
        _ = BodyFilterChain.filter(&head, &request, &services, location)
        if head.coding == .identity,
            GzipFilter.shouldCompress(head, &request, &services, location)
        {
            head.isWeak = true
        }
        sendNotModified(head, &request, &services, location)
    }

    private static func sendNotModified(
        _ whole: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) {
        services.explanation?.note("preconditions: the client has this version already")
        FileResponse.closeSource(&request, &services)
        var head = whole
        head.status = 304
        head.hidesContent = true
        head.acceptsRanges = false
        head.varies = request.varies && location.features.contains(.gzipVary)
        BuiltInResponse.appendHead(head, &request, &services)
    }
}
