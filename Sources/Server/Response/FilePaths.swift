import HTTP
import Linux

/// Conversion of a request's path to a file's (ngx_http_map_uri_to_path).
enum FilePaths {
    /// Builds the file's path: root and path, or alias and the part after the location's name.
    static func mapPath(
        _ location: LocationPlan, _ request: inout Request, _ services: inout Services
    ) {
        beginPath(location, &request, &services)
        if location.features.contains(.aliasIsWholePath), !addsPathToAlias(request) { return }
        let uri = request.uri
        services.path.append(uri.span.slice(from: location.aliasReplaces, to: uri.count))
    }

    /// Returns true if try_files has found a file in a location with a regular expression and an
    /// alias: from then on the alias is a directory.
    private static func addsPathToAlias(_ request: borrowing Request) -> Bool {
        request.context?.addsPathToAlias ?? false
    }

    /// Starts a path with the root or alias of a location.
    static func beginPath(
        _ location: LocationPlan, _ request: inout Request, _ services: inout Services
    ) {
        guard location.rootTemplate >= 0 else {
            services.path.begin(
                withRoot: location.root.span, writtenParents: Int(location.rootParents))
            return
        }
        let template = services.plan.templates[Int(location.rootTemplate)]
        guard Variables.beginEvaluation("the root", &request, &services) else {
            services.path.removeAll()
            services.path.fail(Errno.noEntry)
            return
        }
        defer { Variables.endEvaluation(&request) }
        let root = Variables.value(of: template, &request, &services)
        let parents = writtenParents(in: template, &request, &services)
        if root.first == UInt8(ascii: "/") {
            services.path.begin(withRoot: root.span, writtenParents: parents)
        } else {
            services.path.begin(
                withRoot: root.span, below: services.plan.prefix, writtenParents: parents)
        }
        // A value that depends on itself names no directory.
        if request.hasCycled { services.path.fail(Errno.noEntry) }
    }

    /// Returns the number of `..` segments in a text's value that the configuration wrote itself:
    /// complete ones within a literal, and those of the root that a variable stands for.
    static func writtenParents(
        in template: Template, _ request: inout Request, _ services: inout Services
    ) -> Int {
        var parents = 0
        for index in 0..<template.pieces.count {
            let piece = template.pieces[index]
            switch piece.source {
            case .literal:
                parents &+= piece.text.span.wholeParentSegments(
                    isFirst: index == 0, isLast: index == template.pieces.count &- 1)
            case .root, .file:
                parents &+= withPath(isFile: piece.source == .file, &request, &services) {
                    services, _ in
                    services.path.leavesRoot ? 0 : services.path.span.parentSegments
                }
            default: break
            }
        }
        return parents
    }

    static let variables: [VariableRow] = [
        .always("document_root", .shared, .ofEvaluation, source: .root) {
            writePath(isFile: false, &$0, &$1, into: &$3)
        },
        .ifAny("realpath_root", .perRequest, .ofEvaluation) { writeRealRoot(&$0, &$1, into: &$3) },
        .always("request_filename", .shared, .ofEvaluation, source: .file) {
            writePath(isFile: true, &$0, &$1, into: &$3)
        },
    ]

    /// Writes the path of the file, or the root.
    static func writePath(
        isFile: Bool, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) {
        Variables.loadPath(&request, &services)
        withPath(isFile: isFile, &request, &services) { services, _ in
            writer.append(services.path.span)
        }
    }

    /// Builds a path while `body` runs, and restores the current path afterwards.
    private static func withPath<Value>(
        isFile: Bool, _ request: inout Request, _ services: inout Services,
        _ body: (inout Services, borrowing Request) -> Value
    ) -> Value {
        var current = PathBuffer()
        swap(&current, &services.path)
        let location = services.plan.locations[Int(request.location)]
        if isFile {
            mapPath(location, &request, &services)
        } else {
            beginPath(location, &request, &services)
        }
        let value = body(&services, request)
        swap(&current, &services.path)
        return value
    }

    /// Writes the root without symbolic links.
    private static func writeRealRoot(
        _ request: inout Request, _ services: inout Services, into writer: inout ByteWriter
    ) -> Bool {
        Variables.loadPath(&request, &services)
        return withPath(isFile: false, &request, &services) { services, request in
            // The root `/` adds no bytes before a path.
            if services.path.count == 0 { services.path.append("/") }
            switch realPath(services.path.terminated()) {
            case .success(let real):
                writer.append(real.span)
                return true
            case .failure(let error):
                services.logError(
                    .crit,
                    "\(SystemError("realpath()", "\"\(services.path.text)\"", code: error.code))",
                    code: error.code, request)
                return false
            }
        }
    }
}

/// disable_symlinks: checks of the symbolic links in a path.
enum SymlinkChecks: Cacheable {
    static var cacheability: Cacheability { .perRequest }

    /// Opens the path with a check of its symbolic links. The prefix that `from=` names is not
    /// checked.
    static func openCheckingLinks(
        _ location: LocationPlan, _ request: inout Request, _ services: inout Services
    ) -> Result<Int32, FileError> {
        let rule = services.plan.symlinkPlans[Int(location.symlinks)]
        // Evaluated before the path is borrowed: variables for the root use the same path buffer.
        let from = Variables.value(of: rule.from, &request, &services)
        let trusted = uncheckedPrefix(of: services.path.span, from: from.span)
        if trusted == services.path.count { return openForReading(services.path.terminated()) }
        return openChecked(
            services.path.span, trusted: trusted,
            test: rule.allowsOwners ? .refuseOthers : .refuseAll)
    }

    /// Returns the length of the part of a path that is not checked: `part`, if the path begins
    /// with it name by name.
    static func uncheckedPrefix(of path: Span<UInt8>, from part: Span<UInt8>) -> Int {
        guard part.count > 0, path.starts(with: part) else { return 0 }
        if part.count == path.count || path[part.count] == UInt8(ascii: "/") { return part.count }
        return part[part.count &- 1] == UInt8(ascii: "/") ? part.count &- 1 : 0
    }
}
