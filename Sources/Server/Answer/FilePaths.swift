import HTTP
import Linux

/// From a request's path to a file's (ngx_http_map_uri_to_path).
extension Worker {
    /// Puts the file's path together: root and path, or alias and what follows the location's name.
    mutating func mapPath(_ location: LocationPlan, _ slot: Int, _ exchange: Int) {
        path.removeAll()
        appendRoot(location, slot, exchange)
        rootCount = path.count
        if location.features.contains(.aliasIsWholePath), !addsPathToAlias(exchange) { return }
        path.append(uri.span(from: location.aliasReplaces, to: uriCount))
    }

    /// try_files has found something in a regular expression's location with an alias: from then
    /// on the alias is a directory.
    private func addsPathToAlias(_ exchange: Int) -> Bool {
        contextIfAny(exchange)?.addsPathToAlias ?? false
    }

    mutating func appendRoot(_ location: LocationPlan, _ slot: Int, _ exchange: Int) {
        rootIsPlain = location.rootTemplate < 0
        if rootIsPlain {
            path.append(location.root.span)
            return
        }
        let root = value(of: plan.templates[Int(location.rootTemplate)], slot, exchange)
        if root.first != UInt8(ascii: "/") {
            let prefix = plan.prefix
            path.append(prefix.span)
        }
        path.append(root.span)
    }

    /// Whether a segment of the path leads out of its directory. What the configuration makes of a
    /// request (a rewrite, a variable) may hold what the client has put there.
    func leavesRoot() -> Bool {
        let bytes = path.span
        var index = min(rootIsPlain ? rootCount : 0, bytes.count)
        while let dot = bytes.firstIndex(of: UInt8(ascii: "."), from: index) {
            index = dot &+ 1
            guard dot == 0 || bytes[dot &- 1] == UInt8(ascii: "/"),
                bytes.slice(from: dot &+ 1, to: dot &+ 2).equals(".")
            else { continue }
            let end = dot &+ 2
            if end >= bytes.count || bytes[end] == UInt8(ascii: "/") { return true }
        }
        return false
    }

    /// Writes root, root without links, or the file's path itself.
    mutating func writePath(
        _ variable: Variable, _ slot: Int, _ exchange: Int, into writer: inout HeadWriter
    ) -> Bool {
        takeURI(exchange)
        // Who asks may be putting a path together.
        var kept = PathBuffer()
        swap(&kept, &path)
        defer { swap(&kept, &path) }
        let location = plan.locations[Int(exchanges[exchange].location)]
        if variable == .requestFilename {
            mapPath(location, slot, exchange)
            writer.append(path.span)
            return true
        }
        appendRoot(location, slot, exchange)
        if variable == .documentRoot {
            writer.append(path.span)
            return true
        }
        switch realPath(path.terminated()) {
        case .success(let real): writer.append(real.span)
        case .failure(let error):
            logError(
                .crit, "\(SystemError("realpath()", "\"\(path.text)\"", code: error.code))", slot,
                exchange)
            return false
        }
        return true
    }
}
