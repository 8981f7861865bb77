import Files
import HTTP
import Linux

/// Responses with compressed variants of cached files, which have a Content-Length like any file.
enum CompressedVariantResponse {
    /// Returns the compressed variant of a response's file, if it may be sent in its place. On a
    /// miss, returns nil and requests the compression.
    static func findOrRequestVariant(
        of found: FoundFile, _ head: ResponseHead, _ filters: BodyFilters, _ request: inout Request,
        _ services: inout Services,
        _ location: LocationPlan
    ) -> FoundFile? {
        guard mayHaveVariant(found, head, filters, request, services, location) else { return nil }
        if let variant = services.files.variant(of: found.entry, nowMs: services.clock.monotonicMs)
        {
            return variant
        }
        requestVariant(of: found.entry, &services)
        return nil
    }

    /// Returns the compressed variant of a file, without requesting one on a miss.
    static func findVariant(
        of found: FoundFile, _ head: ResponseHead, _ filters: BodyFilters, _ request: inout Request,
        _ services: inout Services,
        _ location: LocationPlan
    ) -> FoundFile? {
        guard mayHaveVariant(found, head, filters, request, services, location) else { return nil }
        return services.files.variant(of: found.entry, nowMs: services.clock.monotonicMs)
    }

    private static func mayHaveVariant(
        _ found: FoundFile, _ head: ResponseHead, _ filters: BodyFilters,
        _ request: borrowing Request, _ services: borrowing Services,
        _ location: LocationPlan
    ) -> Bool {
        found.isCached && filters.isNone && head.contentLength >= 0
            && services.plan.gzips[Int(location.gzip)].cache != .off
            && !Headers.hasTrailers(head.status, request, services, location)
    }

    /// Returns true if a file is sent uncompressed until its compressed variant exists
    /// (`gzip_cache plain`).
    static func isSentUncompressed(
        _ found: FoundFile, _ filters: BodyFilters, _ request: inout Request,
        _ services: borrowing Services, _ location: LocationPlan
    ) -> Bool {
        guard services.plan.gzips[Int(location.gzip)].cache == .plain, services.helper.isOpen,
            services.files.isOn,
            filters.isNone, found.fileStatus.size <= CompressionJob.maxFileSize,
            !found.isCached || services.files.mayGetVariant(found.entry)
        else { return false }
        // The next request may get the compressed variant.
        request.recorder.recordUnwatched()
        services.explanation?.note(
            "gzip_cache plain: sent uncompressed until a compressed variant exists")
        return true
    }

    /// Responds with the compressed variant of the request's file.
    static func respond(
        withVariant variant: FoundFile, of original: FoundFile, _ whole: ResponseHead,
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) {
        var head = whole
        head.wholeLength = whole.contentLength
        head.contentLength = variant.fileStatus.size
        head.coding = .gzip
        head.isCompressedOnTheFly = true
        head.isWeak = true
        head.acceptsRanges = false
        head.varies = location.features.contains(.gzipVary)
        if services.plan.readsContext(logsOf: Int(request.location), true) {
            services.context(of: &request).compressedSizes = (
                whole.contentLength, variant.fileStatus.size
            )
        }
        request.recorder.replace(
            original.entry, with: FileResponse.fileVersion(of: variant, services))
        services.files.unpin(request.entry, nowMs: services.clock.monotonicMs)
        services.files.pin(variant.entry, nowMs: services.clock.monotonicMs)
        request.entry = variant.entry
        request.file = services.files.descriptor(of: variant.entry)
        request.fileRemaining = variant.fileStatus.size
        BuiltInResponse.appendHead(head, &request, &services)
        guard request.method != .head, head.allowsContent else {
            return FileResponse.closeSource(&request, &services)
        }
        request.recorder.recordBody(variant.entry)
        if FileResponse.readSmall(&request, &services) {
            FileResponse.closeSource(&request, &services)
        } else if request.file >= 0 {
            // A memory file, to which `sendfile` off does not apply.
            request.source = .file
        } else {
            let count = request.fileRemaining
            FileResponse.attach(
                [.file(offset: 0, count: count)], BodyFilters(), &request, &services)
        }
    }

    /// Requests the compression of a cached file, unless it was requested before.
    static func requestVariant(of entry: Int32, _ services: inout Services) {
        guard services.helper.canQueueCompression,
            let body = services.files.beginCompression(entry, nowMs: services.clock.monotonicMs)
        else {
            return
        }
        services.helper.submit(
            HelperClient.CacheEntryRef(entry: entry, generation: services.files[entry].generation),
            toCode: body,
            nowMs: services.clock.monotonicMs)
        services.helperCheckMs = services.helper.nextCheckMs
    }
}
