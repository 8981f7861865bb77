import Files
import HTTP
import Linux

/// The content phase: from a path to an index file, a listing or a file.
extension Worker {
    mutating func runContentPhase(_ request: inout Request) -> Outcome {
        let location = plan.locations[Int(request.location)]
        if location.features.contains(.emptyGif) {
            return respondWithEmptyGif(&request, location)
        }
        if location.features.contains(.stubStatus) {
            preventCaching()
            return respondWithStubStatus(&request)
        }
        if location.features.contains(.hasAlias), request.context?.isOutsideAlias == true {
            logError(
                .alert, "\"alias\" cannot be used in a location where the path was rewritten",
                request)
            return .status(500)
        }
        let method = request.method
        if location.features.contains(.deniesHidden), namesHiddenFile(request) {
            explanation?.note("hidden_files deny: a name in the path begins with a dot")
            return .status(404)
        }
        let endsInSlash = request.uri.lastByte == UInt8(ascii: "/")
        if endsInSlash, method == .get || method == .head || method == .post {
            if location.features.contains(.randomIndex),
                let outcome = redirectToRandomFile(&request, location)
            {
                return outcome
            }
            if let outcome = redirectToIndex(&request, location) { return outcome }
            if location.features.contains(.autoindex), method != .post {
                return respondWithListing(&request, location)
            }
        }
        guard method == .get || method == .head || method == .post else {
            explanation?.note("the method is not supported for files")
            return outcomeForOtherMethod(method, request)
        }
        if endsInSlash {
            explanation?.note("no index file exists, and autoindex is off")
            logError(.error, "directory index of \"\(path.text)\" is forbidden", request)
            return .status(403)
        }
        if location.features.contains(.sidecars), method != .post,
            let outcome = respondWithSidecar(&request, location)
        {
            return outcome
        }
        return respondWithRequestedFile(&request, location)
    }

    /// Returns the status for methods other than GET, HEAD and POST: 405, as in nginx. With
    /// strict_requests, OPTIONS gets a 204, and an unknown method a 501 (RFC 9110, section 9.1).
    private func outcomeForOtherMethod(_ method: Method, _ request: borrowing Request) -> Outcome {
        guard isStrict(request) else { return .status(405) }
        switch method {
        case .options: return .status(204)
        case .unknown: return .status(501)
        default: return .status(405)
        }
    }

    /// Returns true if the request's server has strict_requests.
    func isStrict(_ request: borrowing Request) -> Bool {
        plan.servers[Int(request.server)].limits.isStrict
    }

    /// Returns true if a segment begins with a dot; `/.well-known` is public (RFC 8615).
    private func namesHiddenFile(_ request: borrowing Request) -> Bool {
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
    private var pathFault: Int32? {
        if path.fault != 0 { return path.fault }
        return path.leavesRoot ? Errno.accessDenied : nil
    }

    /// Looks up and opens the path, by the location's rules for symbolic links.
    mutating func findFile(_ location: LocationPlan, _ request: inout Request) -> FoundFile {
        if let fault = pathFault { return FoundFile(error: fault) }
        if location.features.contains(.checksSymlinks) {
            preventCaching()
            return FoundFile(opened: openCheckingLinks(location, &request))
        }
        // A subrequest reads files through descriptors of its own.
        if request.isSubrequest {
            return FoundFile(
                path.terminated(), count: path.count, links: location.links,
                rootCount: path.rootCount)
        }
        let found = files.find(
            path.terminated(), count: path.count, links: location.links, rootCount: path.rootCount,
            reading: readsViaHelper(location.features) ? .elsewhere : .here,
            nowMs: clock.monotonicMs)
        if !found.isCached { preventCaching() }
        if files.unwatchedPath != nil { logUnwatched() }
        return found
    }

    /// Logs that a path cannot be watched; only once, since every request tries again.
    private mutating func logUnwatched() {
        guard let path = files.popUnwatched() else { return }
        context.errorLog.write(
            .warn,
            "cannot watch \"\(path.span.text)\" for changes (no notifications or inotify limit): "
                + "checking it and other such files on every request")
    }

    /// Opens the path, for reading a directory.
    mutating func openDirectory(
        _ location: LocationPlan, _ request: inout Request
    ) -> Result<Int32, FileError> {
        preventCaching()
        if let fault = pathFault { return .failure(FileError(code: fault)) }
        if location.features.contains(.checksSymlinks) {
            return openCheckingLinks(location, &request)
        }
        return openForReading(
            path.terminated(), count: path.count, links: location.links, below: path.rootCount)
    }

    /// Closes the descriptor of a lookup result that is not sent, unless the cache owns it.
    func release(_ found: FoundFile) {
        if found.descriptor >= 0 { closeDescriptor(found.descriptor) }
    }

    /// Returns nginx's status for a file that cannot be opened, and logs it.
    mutating func reportOpenFailure(
        _ error: FileError, _ request: inout Request, _ location: LocationPlan
    ) -> Outcome {
        let status = error.isMissing ? 404 : error.isRefused ? 403 : 500
        explanation?.note("\(path.text) cannot be opened: \(SystemError.text(of: error.code))")
        if status != 404 || location.features.contains(.logsNotFound) {
            let level: LogLevel = status == 500 ? .crit : .error
            let call = location.features.contains(.checksSymlinks) ? "openat()" : "open()"
            logError(
                level, "\(SystemError(call, "\"\(path.text)\"", code: error.code))",
                request)
        }
        return .status(status)
    }

    // MARK: index

    /// Looks for index files: the first that exists becomes the path. Returns nil if none does.
    private mutating func redirectToIndex(
        _ request: inout Request, _ location: LocationPlan
    ) -> Outcome? {
        for position in 0..<location.indexes.count {
            let template = location.indexes[position]
            let constant = template.constant
            let made = constant == nil ? value(of: template, &request) : []
            if constant?.span.slice(from: 0, to: 1).equals("/") ?? (made.first == UInt8(ascii: "/"))
            {
                // As in nginx, an absolute name is not looked up; the request is redirected to it.
                _ = context(of: &request)
                explanation?.note("index: an absolute name, redirecting internally to it")
                request.uri.removeAll()
                return extendPath(of: &request, constant, made) ? .redirected : .status(500)
            }
            mapPath(location, &request)
            let directoryEnd = path.count
            if let constant { path.append(constant.span) } else { path.append(made.span) }
            let found = findFile(location, &request)
            if found.error == 0 {
                // As in nginx, a directory with that name counts as well, and is redirected to
                // later.
                release(found)
                explanation?.note("index: \(path.text) exists")
                request.index = constant
                if constant == nil { _ = context(of: &request) }
                return extendPath(of: &request, constant, made) ? .redirected : .status(500)
            }
            explanation?.note("index: \(path.text): \(SystemError.text(of: found.error))")
            // Other errors, as of a path that is too long or leads through a file, are final.
            guard found.error == Errno.noEntry else {
                return reportOpenFailure(FileError(code: found.error), &request, location)
            }
            path.truncate(to: directoryEnd)
            if let outcome = checkDirectoryExists(&request, location) { return outcome }
        }
        mapPath(location, &request)
        return nil
    }

    private func extendPath(
        of request: inout Request, _ constant: PlanBytes?, _ evaluated: [UInt8]
    ) -> Bool {
        if let constant { return request.uri.append(constant.span) }
        return request.uri.append(evaluated.span)
    }

    /// Returns the failure if the directory of a missing index file does not exist either; nil if
    /// the directory exists.
    private mutating func checkDirectoryExists(
        _ request: inout Request, _ location: LocationPlan
    ) -> Outcome? {
        let found = findFile(location, &request)
        release(found)
        let error = FileError(code: found.error)
        return error.isMissing ? reportOpenFailure(error, &request, location) : nil
    }

    // MARK: files

    private mutating func respondWithRequestedFile(
        _ request: inout Request, _ location: LocationPlan
    ) -> Outcome {
        mapPath(location, &request)
        let found = findFile(location, &request)
        guard found.error == 0 else {
            return reportOpenFailure(FileError(code: found.error), &request, location)
        }
        switch found.fileStatus.kind {
        case .directory:
            release(found)
            explanation?.note(
                "\(path.text) is a directory: redirecting to the path with a trailing slash")
            return redirectToSlash(&request)
        case .other:
            release(found)
            logError(.crit, "\"\(path.text)\" is not a regular file", request)
            return .status(404)
        case .regular: break
        }
        guard request.method != .post else {
            release(found)
            return .status(405)
        }
        return respondWithFile(found, coding: .identity, &request)
    }
}
