import Files
import HTTP
import Linux

/// Precompressed files in the same directory as the file itself: FILE.gz, FILE.br, FILE.zst.
extension Worker {
    /// Responds with the precompressed file that the client prefers. Returns nil if no acceptable
    /// one exists.
    ///
    /// Files are tried in the order of the client's weights, for equal weights zstd and br before
    /// gzip. One that the client does not accept is looked up only if Vary depends on its
    /// existence.
    mutating func respondWithSidecar(
        _ request: inout Request, _ location: LocationPlan
    ) -> Outcome? {
        let plan = plan.gzips[Int(location.gzip)]
        var order = [
            Candidate(.zstandard, plan.zstandardStatic), Candidate(.brotli, plan.brotliStatic),
            Candidate(.gzip, plan.staticMode),
        ].filter { $0.mode != .off }
        for index in order.indices { weigh(&order[index], request, plan) }
        // The first of equal weights is selected, so that they keep their order.
        while let best = order.max(by: { $0.weight < $1.weight })?.weight,
            let index = order.firstIndex(where: { $0.weight == best })
        {
            let candidate = order.remove(at: index)
            if let outcome = tryCandidate(candidate, &request, location) { return outcome }
        }
        return nil
    }

    private struct Candidate {
        let coding: ContentCoding
        let mode: GzipStatic
        /// The weight in thousandths; 0 is not acceptable.
        var weight = 0

        init(_ coding: ContentCoding, _ mode: GzipStatic) {
            self.coding = coding
            self.mode = mode
        }
    }

    private func weigh(_ candidate: inout Candidate, _ request: borrowing Request, _ plan: GzipPlan)
    {
        let name = candidate.coding.name
        let isStrict = isStrict(request)
        if candidate.mode == .always {
            candidate.weight = 1000
        } else if let weight = acceptEncoding(
            request,
            { value in
                let weight = AcceptEncoding.quality(of: name, in: value)
                return isStrict && weight < AcceptEncoding.identityWeight(in: value) ? 0 : weight
            })
        {
            candidate.weight = weight
            // nginx's rules for gzip apply to gzip: versions, proxies, disabled agents.
            if candidate.coding == .gzip {
                // As in nginx, there are no response fields yet that settings of gzip_proxied other
                // than `off` could refuse.
                let isAccepted =
                    acceptsGzip(request, plan)
                    && (!isProxied(request) || !plan.proxied.isEmpty)
                candidate.weight = isAccepted ? max(candidate.weight, 1) : 0
            }
        }
    }

    private mutating func tryCandidate(
        _ candidate: Candidate, _ request: inout Request, _ location: LocationPlan
    ) -> Outcome? {
        guard candidate.weight > 0 || location.features.contains(.gzipVary) else { return nil }
        mapPath(location, &request)
        let end = path.count
        path.append(candidate.coding.suffix)
        let found = findFile(location, &request)
        guard found.error == 0 else {
            explanation?.note("\(path.text) cannot be opened")
            return nil
        }
        guard found.fileStatus.kind == .regular else {
            release(found)
            return nil
        }
        path.truncate(to: end)
        guard candidate.mode != .fresh || isFresh(found, location, &request) else {
            explanation?.note("\(candidate.coding.name): older than the file")
            release(found)
            return nil
        }
        if candidate.mode != .always { request.varies = true }
        guard candidate.weight > 0 else {
            explanation?.note("\(candidate.coding.name): exists, but the client does not accept it")
            release(found)
            return nil
        }
        return respondWithFile(found, coding: candidate.coding, &request)
    }

    /// Returns true if a precompressed file is not older than its file; false if that file is
    /// missing.
    private mutating func isFresh(
        _ sidecar: FoundFile, _ location: LocationPlan, _ request: inout Request
    ) -> Bool {
        let original = findFile(location, &request)
        release(original)
        guard original.error == 0 else { return false }
        // The response depends on both times, whichever file is sent.
        if sidecar.isCached { recorder.record(fileVersion(of: sidecar)) }
        if original.isCached { recorder.record(fileVersion(of: original)) }
        return sidecar.fileStatus.modified >= original.fileStatus.modified
    }
}
