import HTTP
import Linux

/// Conversion of a request's path to a file's (ngx_http_map_uri_to_path).
extension Worker {
    /// Builds the file's path: root and path, or alias and the part after the location's name.
    mutating func mapPath(_ location: LocationPlan, _ slot: Int, _ exchange: Int) {
        beginPath(location, slot, exchange)
        if location.features.contains(.aliasIsWholePath), !addsPathToAlias(exchange) { return }
        path.append(uri.span(from: location.aliasReplaces, to: uriCount))
    }

    /// Returns true if try_files has found a file in a location with a regular expression and an
    /// alias: from then on the alias is a directory.
    private func addsPathToAlias(_ exchange: Int) -> Bool {
        contextIfAny(exchange)?.addsPathToAlias ?? false
    }

    /// Starts a path with the root or alias of a location.
    mutating func beginPath(_ location: LocationPlan, _ slot: Int, _ exchange: Int) {
        guard location.rootTemplate >= 0 else {
            path.begin(
                withRoot: location.root.span, writtenParents: Int(location.rootParents))
            return
        }
        let template = plan.templates[Int(location.rootTemplate)]
        guard beginEvaluation("the root", slot, exchange) else {
            path.removeAll()
            path.fail(Errno.noEntry)
            return
        }
        defer { endEvaluation() }
        let root = value(of: template, slot, exchange)
        let parents = writtenParents(in: template, slot, exchange)
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
        in template: Template, _ slot: Int, _ exchange: Int
    ) -> Int {
        var parents = 0
        for index in 0..<template.pieces.count {
            let piece = template.pieces[index]
            switch piece.variable {
            case .literal:
                parents &+= piece.text.span.wholeParentSegments(
                    isFirst: index == 0, isLast: index == template.pieces.count &- 1)
            case .documentRoot, .requestFilename:
                parents &+= withPath(of: piece.variable, slot, exchange) { worker in
                    worker.path.leavesRoot ? 0 : worker.path.span.parentSegments
                }
            default: break
            }
        }
        return parents
    }

    /// Writes the root, the root without links, or the file's path.
    mutating func writePath(
        _ variable: Variable, _ slot: Int, _ exchange: Int, into writer: inout ByteWriter
    ) -> Bool {
        loadURI(exchange)
        return withPath(of: variable, slot, exchange) { worker in
            guard variable == .realpathRoot else {
                writer.append(worker.path.span)
                return true
            }
            // The root `/` adds no bytes before a path.
            if worker.path.count == 0 { worker.path.append("/") }
            return worker.writeRealPath(slot, exchange, into: &writer)
        }
    }

    /// Builds the path of a variable while `body` runs, and restores the current path afterwards.
    private mutating func withPath<Value>(
        of variable: Variable, _ slot: Int, _ exchange: Int, _ body: (inout Worker) -> Value
    ) -> Value {
        var current = PathBuffer()
        swap(&current, &path)
        let location = plan.locations[Int(exchanges[exchange].location)]
        if variable == .requestFilename {
            mapPath(location, slot, exchange)
        } else {
            beginPath(location, slot, exchange)
        }
        let value = body(&self)
        swap(&current, &path)
        return value
    }

    private mutating func writeRealPath(
        _ slot: Int, _ exchange: Int, into writer: inout ByteWriter
    ) -> Bool {
        switch realPath(path.terminated()) {
        case .success(let real):
            writer.append(real.span)
            return true
        case .failure(let error):
            logError(
                .crit, "\(SystemError("realpath()", "\"\(path.text)\"", code: error.code))", slot,
                exchange)
            return false
        }
    }
}
