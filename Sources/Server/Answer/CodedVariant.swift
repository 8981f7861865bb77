import Files
import HTTP
import Linux

/// Files that gzip has made something of once: sent as any file is, with their length.
extension Worker {
    /// What gzip has made of the file of an answer that is to be compressed, where it may be sent
    /// in its place; nil when there is nothing yet, for which somebody is asked then.
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

    /// Whether a file without a variant is sent as it is (`gzip_cache plain`), because there will
    /// be one.
    mutating func staysPlain(
        _ found: FoundFile, _ filters: BodyFilters, _ location: LocationPlan
    ) -> Bool {
        guard plan.gzips[Int(location.gzip)].cache == .plain, aide.isOpen, files.isOn,
            filters.isNone, found.facts.size <= CodingJob.longest,
            !found.isKept || files.mayBecomeCoded(found.entry)
        else { return false }
        // The next one may get another answer.
        dependOnRequest()
        explanation?.note("gzip_cache: plain until it is compressed")
        return true
    }

    /// Answers with what gzip has made of the exchange's file.
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
            // Memory, whatever `sendfile` says of the file system.
            exchanges[exchange].source = .file
        } else {
            let count = exchanges[exchange].fileRemaining
            attach([.file(offset: 0, count: count)], BodyFilters(), slot, exchange)
        }
    }
}
