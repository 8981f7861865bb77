import Files
import HTTP
import Linux

/// The content phase: from a path to an index file, a listing or a file.
enum Content {
    static func runContentPhase(_ request: inout Request, _ services: inout Services)
        -> PhaseOutcome
    {
        let location = services.plan.locations[Int(request.location)]
        if location.features.contains(.emptyGif),
            let outcome = EmptyGif.perform(&request, &services, location)
        {
            return outcome
        }
        if location.features.contains(.stubStatus),
            let outcome = StubStatus.perform(&request, &services, location)
        {
            return outcome
        }
        if location.features.contains(.hasAlias), request.context?.isOutsideAlias == true {
            services.logError(
                .alert, "\"alias\" cannot be used in a location where the path was rewritten",
                request)
            return .status(500)
        }
        let method = request.method
        if location.features.contains(.deniesHidden), namesHiddenFile(request) {
            services.explanation?.note("hidden_files deny: a name in the path begins with a dot")
            return .status(404)
        }
        let endsInSlash = request.uri.lastByte == UInt8(ascii: "/")
        if endsInSlash, method == .get || method == .head || method == .post {
            if location.features.contains(.randomIndex),
                let outcome = RandomIndex.perform(&request, &services, location)
            {
                return outcome
            }
            if let outcome = redirectToIndex(&request, &services, location) { return outcome }
            if location.features.contains(.autoindex), method != .post,
                let outcome = Autoindex.perform(&request, &services, location)
            {
                return outcome
            }
        }
        guard method == .get || method == .head || method == .post else {
            services.explanation?.note("the method is not supported for files")
            return outcomeForOtherMethod(method, request, services)
        }
        if endsInSlash {
            services.explanation?.note("no index file exists, and autoindex is off")
            services.logError(
                .error, "directory index of \"\(services.path.text)\" is forbidden", request)
            return .status(403)
        }
        if location.features.contains(.sidecars), method != .post,
            let outcome = Sidecars.perform(&request, &services, location)
        {
            return outcome
        }
        return respondWithRequestedFile(&request, &services, location)
    }

    /// Returns the status for methods other than GET, HEAD and POST: 405, as in nginx. With
    /// strict_requests, OPTIONS gets a 204, and an unknown method a 501 (RFC 9110, section 9.1).
    private static func outcomeForOtherMethod(
        _ method: Method, _ request: borrowing Request, _ services: borrowing Services
    ) -> PhaseOutcome {
        guard isStrict(request, services) else { return .status(405) }
        switch method {
        case .options: return .status(204)
        case .unknown: return .status(501)
        default: return .status(405)
        }
    }

    /// Returns true if the request's server has strict_requests.
    static func isStrict(_ request: borrowing Request, _ services: borrowing Services) -> Bool {
        services.plan.servers[Int(request.server)].limits.isStrict
    }

    /// Returns true if a segment begins with a dot; `/.well-known` is public (RFC 8615).
    private static func namesHiddenFile(_ request: borrowing Request) -> Bool {
        let path = request.uri.span
        var index = 1
        while index < path.count {
            if path[index] == UInt8(ascii: "."), path[index &- 1] == UInt8(ascii: "/") {
                let rest = path.slice(from: index, to: path.count)
                let isWellKnown =
                    index == 1
                    && (rest.equals(".well-known")
                        || rest.slice(from: 0, to: 12).equals(".well-known/"))
                if !isWellKnown { return true }
            }
            index &+= 1
        }
        return false
    }

    // MARK: paths and opening

    /// The errno(3) of a path that must not be opened. The client's path was normalized; the result
    /// of a rewrite, a variable or an alias was not: `/img../x` with `location /img { alias
    /// /srv/img/; }` is /srv/img/../x.
    private static func pathFault(_ services: borrowing Services) -> Int32? {
        if services.path.fault != 0 { return services.path.fault }
        return services.path.leavesRoot ? Errno.accessDenied : nil
    }

    /// Looks up and opens the path, by the location's rules for symbolic links.
    static func findFile(
        _ location: LocationPlan, _ request: inout Request, _ services: inout Services
    ) -> FoundFile {
        if let fault = pathFault(services) { return FoundFile(error: fault) }
        if location.features.contains(.checksSymlinks) {
            request.recorder.record(SymlinkChecks.self)
            return FoundFile(opened: SymlinkChecks.openCheckingLinks(location, &request, &services))
        }
        // A subrequest reads files through descriptors of its own.
        if request.isSubrequest {
            return FoundFile(
                services.path.terminated(), count: services.path.count, links: location.links,
                rootCount: services.path.rootCount)
        }
        let found = services.files.find(
            services.path.terminated(), count: services.path.count, links: location.links,
            rootCount: services.path.rootCount,
            reading: FileReading.readsViaHelper(location.features, services) ? .elsewhere : .here,
            nowMs: services.clock.monotonicMs)
        if !found.isCached { request.recorder.recordUnwatched() }
        if services.files.unwatchedPath != nil { logUnwatched(&services) }
        return found
    }

    /// Logs that a path cannot be watched; only once, since every request tries again.
    private static func logUnwatched(_ services: inout Services) {
        guard let path = services.files.popUnwatched() else { return }
        services.context.errorLog.write(
            .warn,
            "cannot watch \"\(path.span.text)\" for changes (no notifications or inotify limit): "
                + "checking it and other such files on every request")
    }

    /// Opens the path, for reading a directory.
    static func openDirectory(
        _ location: LocationPlan, _ request: inout Request, _ services: inout Services
    ) -> Result<Int32, FileError> {
        request.recorder.recordUnwatched()
        if let fault = pathFault(services) { return .failure(FileError(code: fault)) }
        if location.features.contains(.checksSymlinks) {
            return SymlinkChecks.openCheckingLinks(location, &request, &services)
        }
        return openForReading(
            services.path.terminated(), count: services.path.count, links: location.links,
            below: services.path.rootCount)
    }

    /// Closes the descriptor of a lookup result that is not sent, unless the cache owns it.
    static func release(_ found: FoundFile) {
        if found.descriptor >= 0 { closeDescriptor(found.descriptor) }
    }

    /// Returns nginx's status for a file that cannot be opened, and logs it.
    static func reportOpenFailure(
        _ error: FileError, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) -> PhaseOutcome {
        let status = error.isMissing ? 404 : error.isRefused ? 403 : 500
        services.explanation?.note(
            "\(services.path.text) cannot be opened: \(SystemError.text(of: error.code))")
        if status != 404 || location.features.contains(.logsNotFound) {
            let level: LogLevel = status == 500 ? .crit : .error
            let call = location.features.contains(.checksSymlinks) ? "openat()" : "open()"
            services.logError(
                level, "\(SystemError(call, "\"\(services.path.text)\"", code: error.code))",
                code: error.code, request)
        }
        return .status(status)
    }

    // MARK: index

    /// Looks for index files: the first that exists becomes the path. Returns nil if none does.
    private static func redirectToIndex(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        for position in 0..<location.indexes.count {
            let template = location.indexes[position]
            let constant = template.constant
            let made = constant == nil ? Variables.value(of: template, &request, &services) : []
            if constant?.span.slice(from: 0, to: 1).equals("/") ?? (made.first == UInt8(ascii: "/"))
            {
                // As in nginx, an absolute name is not looked up; the request is redirected to it.
                _ = services.context(of: &request)
                services.explanation?.note("index: an absolute name, redirecting internally to it")
                request.uri.removeAll()
                return extendPath(of: &request, constant, made) ? .redirected : .status(500)
            }
            FilePaths.mapPath(location, &request, &services)
            let directoryEnd = services.path.count
            if let constant {
                services.path.append(constant.span)
            } else {
                services.path.append(made.span)
            }
            let found = findFile(location, &request, &services)
            if found.error == 0 {
                // As in nginx, a directory with that name counts as well, and is redirected to
                // later.
                release(found)
                services.explanation?.note("index: \(services.path.text) exists")
                request.index = constant
                if constant == nil { _ = services.context(of: &request) }
                return extendPath(of: &request, constant, made) ? .redirected : .status(500)
            }
            services.explanation?.note(
                "index: \(services.path.text): \(SystemError.text(of: found.error))")
            // Other errors, as of a path that is too long or leads through a file, are final.
            guard found.error == Errno.noEntry else {
                return reportOpenFailure(
                    FileError(code: found.error), &request, &services, location)
            }
            services.path.truncate(to: directoryEnd)
            if let outcome = checkDirectoryExists(&request, &services, location) { return outcome }
        }
        FilePaths.mapPath(location, &request, &services)
        return nil
    }

    private static func extendPath(
        of request: inout Request, _ constant: PlanBytes?, _ evaluated: [UInt8]
    ) -> Bool {
        if let constant { return request.uri.append(constant.span) }
        return request.uri.append(evaluated.span)
    }

    /// Returns the failure if the directory of a missing index file does not exist either; nil if
    /// the directory exists.
    private static func checkDirectoryExists(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        let found = findFile(location, &request, &services)
        release(found)
        let error = FileError(code: found.error)
        return error.isMissing ? reportOpenFailure(error, &request, &services, location) : nil
    }

    // MARK: files

    private static func respondWithRequestedFile(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome {
        FilePaths.mapPath(location, &request, &services)
        let found = findFile(location, &request, &services)
        guard found.error == 0 else {
            return reportOpenFailure(FileError(code: found.error), &request, &services, location)
        }
        switch found.fileStatus.kind {
        case .directory:
            release(found)
            services.explanation?.note(
                "\(services.path.text) is a directory: redirecting to the path with a trailing "
                    + "slash"
            )
            return BuiltInResponse.redirectToSlash(&request, &services)
        case .other:
            release(found)
            services.logError(.crit, "\"\(services.path.text)\" is not a regular file", request)
            return .status(404)
        case .regular: break
        }
        guard request.method != .post else {
            release(found)
            return .status(405)
        }
        return FileResponse.respondWithFile(found, coding: .identity, &request, &services)
    }
}
