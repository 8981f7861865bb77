import Files
import HTTP
import Linux

/// Compressed variants of cached files: sent like any file, with a Content-Length.
extension Worker {
    /// Returns the compressed variant of a response's file, if it may be sent in its place. On a
    /// miss, returns nil and requests the compression.
    mutating func variant(
        of found: FoundFile, _ head: AnswerHead, _ filters: BodyFilters, _ exchange: Int,
        _ location: LocationPlan
    ) -> FoundFile? {
        guard mayHaveVariant(found, head, filters, exchange, location) else { return nil }
        if let variant = files.variant(of: found.entry, nowMs: clock.monotonicMs) {
            return variant
        }
        askForVariant(of: found.entry)
        return nil
    }

    /// Returns the compressed variant of a file, without requesting one on a miss.
    mutating func compressed(
        _ found: FoundFile, _ head: AnswerHead, _ filters: BodyFilters, _ exchange: Int,
        _ location: LocationPlan
    ) -> FoundFile? {
        guard mayHaveVariant(found, head, filters, exchange, location) else { return nil }
        return files.variant(of: found.entry, nowMs: clock.monotonicMs)
    }

    private func mayHaveVariant(
        _ found: FoundFile, _ head: AnswerHead, _ filters: BodyFilters, _ exchange: Int,
        _ location: LocationPlan
    ) -> Bool {
        found.isKept && filters.isNone && head.contentLength >= 0
            && plan.gzips[Int(location.gzip)].cache != .off
            && !hasTrailers(head.status, exchange, location)
    }

    /// Returns true if a file without a variant is sent uncompressed (`gzip_cache plain`), because
    /// there will be one.
    mutating func staysPlain(
        _ found: FoundFile, _ filters: BodyFilters, _ location: LocationPlan
    ) -> Bool {
        guard plan.gzips[Int(location.gzip)].cache == .plain, aide.isOpen, files.isOn,
            filters.isNone, found.facts.size <= CodingJob.longest,
            !found.isKept || files.mayBecomeCoded(found.entry)
        else { return false }
        // The next request may get another response.
        dependOnRequest()
        explanation?.note("gzip_cache plain: sent uncompressed until a compressed variant exists")
        return true
    }

    /// Responds with the compressed variant of the exchange's file.
    mutating func answer(
        withVariant variant: FoundFile, of original: FoundFile, _ whole: AnswerHead, _ slot: Int,
        _ exchange: Int, _ location: LocationPlan
    ) {
        var head = whole
        head.wholeLength = whole.contentLength
        head.contentLength = variant.facts.size
        head.coding = .gzip
        head.isCodedHere = true
        head.isWeak = true
        head.acceptsRanges = false
        head.varies = location.features.contains(.gzipVary)
        if plan.readsContext(logsOf: Int(exchanges[exchange].location), true) {
            context(of: exchange).codedSizes = (whole.contentLength, variant.facts.size)
        }
        making.replace(original.entry, with: source(variant))
        files.unpin(exchanges[exchange].entry, nowMs: clock.monotonicMs)
        files.pin(variant.entry, nowMs: clock.monotonicMs)
        exchanges[exchange].entry = variant.entry
        exchanges[exchange].file = files.descriptor(of: variant.entry)
        exchanges[exchange].fileRemaining = variant.facts.size
        send(head, slot, exchange)
        guard exchanges[exchange].method != .head, head.allowsContent else {
            return closeSource(exchange)
        }
        making.send(variant.entry)
        if readSmall(exchange) {
            closeSource(exchange)
        } else if exchanges[exchange].file >= 0 {
            // A memory file, to which `sendfile` off does not apply.
            exchanges[exchange].source = .file
        } else {
            let count = exchanges[exchange].fileRemaining
            attach([.file(offset: 0, count: count)], BodyFilters(), slot, exchange)
        }
    }
}
