import Files
import HTTP
import Linux

/// Responses with compressed variants of cached files, which have a Content-Length like any file.
extension Worker {
    /// Returns the compressed variant of a response's file, if it may be sent in its place. On a
    /// miss, returns nil and requests the compression.
    mutating func findOrRequestVariant(
        of found: FoundFile, _ head: ResponseHead, _ filters: BodyFilters, _ request: inout Request,
        _ location: LocationPlan
    ) -> FoundFile? {
        guard mayHaveVariant(found, head, filters, request, location) else { return nil }
        if let variant = files.variant(of: found.entry, nowMs: clock.monotonicMs) {
            return variant
        }
        requestVariant(of: found.entry)
        return nil
    }

    /// Returns the compressed variant of a file, without requesting one on a miss.
    mutating func findVariant(
        of found: FoundFile, _ head: ResponseHead, _ filters: BodyFilters, _ request: inout Request,
        _ location: LocationPlan
    ) -> FoundFile? {
        guard mayHaveVariant(found, head, filters, request, location) else { return nil }
        return files.variant(of: found.entry, nowMs: clock.monotonicMs)
    }

    private func mayHaveVariant(
        _ found: FoundFile, _ head: ResponseHead, _ filters: BodyFilters,
        _ request: borrowing Request,
        _ location: LocationPlan
    ) -> Bool {
        found.isCached && filters.isNone && head.contentLength >= 0
            && plan.gzips[Int(location.gzip)].cache != .off
            && !hasTrailers(head.status, request, location)
    }

    /// Returns true if a file is sent uncompressed until its compressed variant exists
    /// (`gzip_cache plain`).
    mutating func isSentUncompressed(
        _ found: FoundFile, _ filters: BodyFilters, _ location: LocationPlan
    ) -> Bool {
        guard plan.gzips[Int(location.gzip)].cache == .plain, helper.isOpen, files.isOn,
            filters.isNone, found.fileStatus.size <= CompressionJob.maxFileSize,
            !found.isCached || files.mayGetVariant(found.entry)
        else { return false }
        // The next request may get another response.
        preventCaching()
        explanation?.note("gzip_cache plain: sent uncompressed until a compressed variant exists")
        return true
    }

    /// Responds with the compressed variant of the request's file.
    mutating func respond(
        withVariant variant: FoundFile, of original: FoundFile, _ whole: ResponseHead,
        _ request: inout Request, _ location: LocationPlan
    ) {
        var head = whole
        head.wholeLength = whole.contentLength
        head.contentLength = variant.fileStatus.size
        head.coding = .gzip
        head.isCompressedOnTheFly = true
        head.isWeak = true
        head.acceptsRanges = false
        head.varies = location.features.contains(.gzipVary)
        if plan.readsContext(logsOf: Int(request.location), true) {
            context(of: &request).compressedSizes = (whole.contentLength, variant.fileStatus.size)
        }
        recorder.replace(original.entry, with: fileVersion(of: variant))
        files.unpin(request.entry, nowMs: clock.monotonicMs)
        files.pin(variant.entry, nowMs: clock.monotonicMs)
        request.entry = variant.entry
        request.file = files.descriptor(of: variant.entry)
        request.fileRemaining = variant.fileStatus.size
        appendHead(head, &request)
        guard request.method != .head, head.allowsContent else {
            return closeSource(&request)
        }
        recorder.recordBody(variant.entry)
        if readSmall(&request) {
            closeSource(&request)
        } else if request.file >= 0 {
            // A memory file, to which `sendfile` off does not apply.
            request.source = .file
        } else {
            let count = request.fileRemaining
            attach([.file(offset: 0, count: count)], BodyFilters(), &request)
        }
    }
}
