import HTTP
import Linux

/// Conversion of a request's path to a file's (ngx_http_map_uri_to_path).
extension Worker {
    /// Builds the file's path: root and path, or alias and the part after the location's name.
    mutating func mapPath(_ location: LocationPlan, _ request: inout Request) {
        beginPath(location, &request)
        if location.features.contains(.aliasIsWholePath), !addsPathToAlias(request) { return }
        let uri = request.uri
        path.append(uri.span.slice(from: location.aliasReplaces, to: uri.count))
    }

    /// Returns true if try_files has found a file in a location with a regular expression and an
    /// alias: from then on the alias is a directory.
    private func addsPathToAlias(_ request: borrowing Request) -> Bool {
        request.context?.addsPathToAlias ?? false
    }

    /// Starts a path with the root or alias of a location.
    mutating func beginPath(_ location: LocationPlan, _ request: inout Request) {
        guard location.rootTemplate >= 0 else {
            path.begin(
                withRoot: location.root.span, writtenParents: Int(location.rootParents))
            return
        }
        let template = plan.templates[Int(location.rootTemplate)]
        guard beginEvaluation("the root", &request) else {
            path.removeAll()
            path.fail(Errno.noEntry)
            return
        }
        defer { endEvaluation() }
        let root = value(of: template, &request)
        let parents = writtenParents(in: template, &request)
        if root.first == UInt8(ascii: "/") {
            path.begin(withRoot: root.span, writtenParents: parents)
        } else {
            path.begin(withRoot: root.span, below: plan.prefix, writtenParents: parents)
        }
        // A value that depends on itself names no directory.
        if hasCycled { path.fail(Errno.noEntry) }
    }

    /// Returns the number of `..` segments in a text's value that the configuration wrote itself:
    /// complete ones within a literal, and those of the root that a variable stands for.
    mutating func writtenParents(
        in template: Template, _ request: inout Request
    ) -> Int {
        var parents = 0
        for index in 0..<template.pieces.count {
            let piece = template.pieces[index]
            switch piece.variable {
            case .literal:
                parents &+= piece.text.span.wholeParentSegments(
                    isFirst: index == 0, isLast: index == template.pieces.count &- 1)
            case .documentRoot, .requestFilename:
                parents &+= withPath(of: piece.variable, &request) { worker, _ in
                    worker.path.leavesRoot ? 0 : worker.path.span.parentSegments
                }
            default: break
            }
        }
        return parents
    }

    /// Writes the root, the root without links, or the file's path.
    mutating func writePath(
        _ variable: Variable, _ request: inout Request, into writer: inout ByteWriter
    ) -> Bool {
        loadPath(&request)
        return withPath(of: variable, &request) { worker, request in
            guard variable == .realpathRoot else {
                writer.append(worker.path.span)
                return true
            }
            // The root `/` adds no bytes before a path.
            if worker.path.count == 0 { worker.path.append("/") }
            return worker.writeRealPath(request, into: &writer)
        }
    }

    /// Builds the path of a variable while `body` runs, and restores the current path afterwards.
    private mutating func withPath<Value>(
        of variable: Variable, _ request: inout Request,
        _ body: (inout Worker, borrowing Request) -> Value
    ) -> Value {
        var current = PathBuffer()
        swap(&current, &path)
        let location = plan.locations[Int(request.location)]
        if variable == .requestFilename {
            mapPath(location, &request)
        } else {
            beginPath(location, &request)
        }
        let value = body(&self, request)
        swap(&current, &path)
        return value
    }

    private mutating func writeRealPath(
        _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        switch realPath(path.terminated()) {
        case .success(let real):
            writer.append(real.span)
            return true
        case .failure(let error):
            logError(
                .crit, "\(SystemError("realpath()", "\"\(path.text)\"", code: error.code))",
                request)
            return false
        }
    }
}
