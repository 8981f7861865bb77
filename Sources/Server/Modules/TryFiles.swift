import Configuration
import Files
import HTTP
import Linux

/// Files that are tried before the content phase.
struct TryFilesSettings {
    /// The names; not inherited by nested levels, as in nginx.
    var files: TryFilesDraft?
}

/// `try_files`: names, and the last argument.
struct TryFilesDraft {
    let names: [Word]
    let fallback: Word
    /// The status if the last argument is `=code`.
    let status: Int?
}

/// try_files.
enum TryFiles: Step {
    static var cacheability: Cacheability { .shared }

    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "try_files", in: [.server, .location], takes: .atLeast(2),
            "Serves the first of several files that exists, or redirects internally to the last "
                + "argument."
        ) { (draft, use) throws(Diagnostic) in
            let last = try use.word(use.arguments.count - 1)
            var status: Int?
            if last.bytes.first == UInt8(ascii: "=") {
                guard let code = NginxSize.integer(last.bytes.dropFirst()), code <= 999 else {
                    throw use.fail(
                        "invalid code \"\(last.text)\"", at: use.arguments.count - 1)
                }
                // As in nginx, =0 is a name like any other.
                status = code > 0 ? code : nil
            }
            draft.scope.tryFiles.files = TryFilesDraft(
                names: Array(use.arguments.dropLast()), fallback: last, status: status)
        }
    ]
}

/// try_files: selection of the first file that exists.
extension TryFiles {
    /// Tries the files. Returns nil if one exists, which becomes the path; otherwise the outcome of
    /// the last argument.
    static func run(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        let tried = services.plan.tryFiles[Int(location.tryFiles)]
        for index in 0..<tried.names.count {
            let name = tried.names[index]
            var found = Variables.value(of: name.template, &request, &services)
            // With an alias, a name with variables that begins with the location's name is below
            // the alias; nginx uses a constant name unchanged.
            let replaced = name.template.isConstant ? 0 : location.aliasReplaces
            if replaced > 0, found.count >= replaced,
                found.span.slice(from: 0, to: replaced).equals(
                    request.uri.span.slice(from: 0, to: min(replaced, request.uri.count)))
            {
                found.removeFirst(replaced)
            }
            let isFound = exists(
                found, isDirectory: name.isDirectory, &request, &services, location)
            services.explanation?.note(
                "try_files: \(services.path.text) \(TryFilesPlan.text(name, isFound))")
            if isFound {
                return useFile(found, name, &request, &services, location)
            }
        }
        if tried.status >= 0 {
            services.explanation?.note(
                "try_files: none exists, the last argument is =\(tried.status)")
            return .status(Int(tried.status))
        }
        let fallback = Variables.value(of: tried.fallback, &request, &services)
        services.explanation?.note(
            "try_files: none exists, the last argument is \(fallback.span.text)")
        return redirectInternally(to: fallback, &request, &services)
    }

    private static func exists(
        _ name: [UInt8], isDirectory: Bool, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) -> Bool {
        FilePaths.beginPath(location, &request, &services)
        services.path.append(name.span)
        guard let fileStatus = statusOfPath(&request, &services, location) else { return false }
        return (fileStatus.kind == .directory) == isDirectory
    }

    /// Returns the status of the path; nil if it does not exist. Other errors are logged.
    private static func statusOfPath(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> FileStatus? {
        guard services.path.fault == 0, !services.path.leavesRoot else { return nil }
        let found = Content.findFile(location, &request, &services)
        Content.release(found)
        var result: Result<FileStatus, FileError> =
            found.error == 0 ? .success(found.fileStatus) : .failure(FileError(code: found.error))
        // A file without read permission exists nevertheless.
        if found.error == Errno.accessDenied, location.links == .follow,
            !location.features.contains(.checksSymlinks)
        {
            request.recorder.recordUnwatched()
            result = fileStatus(of: services.path.terminated())
        }
        switch result {
        case .success(let fileStatus): return fileStatus
        case .failure(let error):
            if !error.isMissing {
                services.logError(
                    .crit,
                    "\(SystemError("stat()", "\"\(services.path.text)\"", code: error.code))",
                    code: error.code, request)
            }
            return nil
        }
    }

    private static func useFile(
        _ found: [UInt8], _ name: TryFilesPlan.Name, _ request: inout Request,
        _ services: inout Services,
        _ location: LocationPlan
    ) -> PhaseOutcome? {
        let context = services.context(of: &request)
        var uri = found
        if location.features.contains(.aliasIsWholePath) {
            context.addsPathToAlias = true
            if name.isDirectory { return nil }
        } else if location.aliasReplaces > 0 {
            let replaced = request.uri.span.slice(
                from: 0, to: min(location.aliasReplaces, request.uri.count))
            uri = replaced.indices.map { replaced[$0] } + found
        }
        return request.uri.replace(by: uri.span) ? nil : .status(500)
    }

    /// Enters a named location, or redirects internally to a text with a query of its own.
    static func redirectInternally(
        to target: [UInt8], _ request: inout Request, _ services: inout Services
    ) -> PhaseOutcome {
        if target.first == UInt8(ascii: "@") {
            return enterLocation(named: target, &request, &services)
        }
        let mark = target.firstIndex(of: UInt8(ascii: "?"))
        let context = services.context(of: &request)
        if let mark {
            context.args = Array(target[(mark + 1)...])
        } else {
            context.args = []
        }
        let path = target[..<(mark ?? target.count)]
        guard request.uri.replace(by: path.span) else { return .status(500) }
        return .redirected
    }

    /// Enters a location by its name.
    static func enterLocation(
        named name: [UInt8], _ request: inout Request, _ services: inout Services
    ) -> PhaseOutcome {
        let server = services.plan.servers[Int(request.server)]
        guard let location = server.named.index(of: name.span) else {
            services.logError(
                .error, "could not find named location \"\(name.span.text)\"", request)
            return .status(500)
        }
        guard !request.uri.isEmpty else {
            services.logError(.error, "empty URI in redirect to named location", request)
            return .status(500)
        }
        _ = services.context(of: &request)
        Phases.enterLocation(location, &request, &services)
        services.explanation?.note("selected: \(services.plan.text(ofLocation: location))")
        return .entered
    }
}

extension TryFilesPlan {
    /// Returns the result of a lookup, for `apus explain`.
    fileprivate static func text(_ name: Name, _ isFound: Bool) -> String {
        isFound
            ? name.isDirectory ? "is a directory" : "exists"
            : name.isDirectory ? "is not a directory" : "is not a file"
    }
}
