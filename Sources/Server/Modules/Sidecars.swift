import Files
import HTTP
import Linux

/// Precompressed files in the same directory as the file itself: FILE.gz, FILE.br, FILE.zst.
enum Sidecars: Step {
    static var cacheability: Cacheability { .shared }

    /// Responds with the precompressed file that the client prefers. Returns nil if no acceptable
    /// one exists.
    ///
    /// Files are tried in the order of the client's weights, for equal weights zstd and br before
    /// gzip. One that the client does not accept is looked up only if Vary depends on its
    /// existence.
    static func run(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        let plan = services.plan.gzips[Int(location.gzip)]
        var order = [
            Candidate(.zstandard, plan.zstandardStatic), Candidate(.brotli, plan.brotliStatic),
            Candidate(.gzip, plan.staticMode),
        ].filter { $0.mode != .off }
        for index in order.indices { setWeight(&order[index], request, services, plan) }
        // The first of equal weights is selected, so that they keep their order.
        while let best = order.max(by: { $0.weight < $1.weight })?.weight,
            let index = order.firstIndex(where: { $0.weight == best })
        {
            let candidate = order.remove(at: index)
            if let outcome = tryCandidate(candidate, &request, &services, location) {
                return outcome
            }
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

    private static func setWeight(
        _ candidate: inout Candidate, _ request: borrowing Request, _ services: borrowing Services,
        _ plan: GzipPlan
    ) {
        let name = candidate.coding.name
        let isStrict = Content.isStrict(request, services)
        if candidate.mode == .always {
            candidate.weight = 1000
        } else if let weight = GzipFilter.acceptEncoding(
            request, services,
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
                    GzipFilter.acceptsGzip(request, services, plan)
                    && (!GzipFilter.isProxied(request) || !plan.proxied.isEmpty)
                candidate.weight = isAccepted ? max(candidate.weight, 1) : 0
            }
        }
    }

    private static func tryCandidate(
        _ candidate: Candidate, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) -> PhaseOutcome? {
        guard candidate.weight > 0 || location.features.contains(.gzipVary) else { return nil }
        FilePaths.mapPath(location, &request, &services)
        let end = services.path.count
        services.path.append(candidate.coding.suffix)
        let found = Content.findFile(location, &request, &services)
        guard found.error == 0 else {
            services.explanation?.note("\(services.path.text) cannot be opened")
            return nil
        }
        guard found.fileStatus.kind == .regular else {
            Content.release(found)
            return nil
        }
        services.path.truncate(to: end)
        guard candidate.mode != .fresh || isFresh(found, location, &request, &services) else {
            services.explanation?.note("\(candidate.coding.name): older than the file")
            Content.release(found)
            return nil
        }
        if candidate.mode != .always { request.varies = true }
        guard candidate.weight > 0 else {
            services.explanation?.note(
                "\(candidate.coding.name): exists, but the client does not accept it")
            Content.release(found)
            return nil
        }
        return FileResponse.respondWithFile(found, coding: candidate.coding, &request, &services)
    }

    /// Returns true if a precompressed file is not older than its file; false if that file is
    /// missing.
    private static func isFresh(
        _ sidecar: FoundFile, _ location: LocationPlan, _ request: inout Request,
        _ services: inout Services
    ) -> Bool {
        let original = Content.findFile(location, &request, &services)
        Content.release(original)
        guard original.error == 0 else { return false }
        // The response depends on both times, whichever file is sent.
        if sidecar.isCached {
            request.recorder.record(FileResponse.fileVersion(of: sidecar, services))
        }
        if original.isCached {
            request.recorder.record(FileResponse.fileVersion(of: original, services))
        }
        return sidecar.fileStatus.modified >= original.fileStatus.modified
    }
}
