import Configuration
import Linux

/// Checks that roots exist and that the workers' user can read them.
struct RootLint {
    let paths: Paths
    /// The user of workers; nil if they have the caller's own rights.
    let identity: Identity?

    func findings(_ path: BlockPath) -> [Finding] {
        guard path.name == "root" || path.name == "alias",
            let word = path.directive.arguments.first,
            !word.bytes.contains(UInt8(ascii: "$"))
        else { return [] }
        let name = paths.absolute(word.text)
        switch firstObstacle(name) {
        case .none: return []
        case .missing(let part):
            return [path.finding(.missingRoot, "\"\(part)\" does not exist", at: 0)]
        case .closed(let part):
            return [
                path.finding(
                    .unreadableRoot,
                    "the workers cannot read this: they have no permission for "
                        + "\"\(part)\"",
                    at: 0, help: ["chmod o+x on the directories gives them access"])
            ]
        }
    }

    private enum Obstacle {
        case none
        case missing(String)
        case closed(String)
    }

    /// Checks each directory from `/` to the directory itself.
    private func firstObstacle(_ name: String) -> Obstacle {
        var ends = name.indices.filter { name[$0] == "/" && $0 != name.startIndex }
        ends.append(name.endIndex)
        for end in ends {
            let part = String(name[..<end])
            let found = unsafe part.withCString { unsafe fileStatus(of: CPath(unsafe: $0)) }
            switch found {
            case .failure(let error): return error.isMissing ? .missing(part) : .closed(part)
            case .success(let fileStatus):
                let isLast = end == name.endIndex
                if !allows(fileStatus, reading: isLast && fileStatus.kind != .directory) {
                    return .closed(part)
                }
            }
        }
        return .none
    }

    /// Returns true if the user may search a directory, or read a file.
    private func allows(_ fileStatus: FileStatus, reading: Bool) -> Bool {
        guard let identity, identity.user != 0 else { return true }
        let bit: UInt32 = reading ? 0o4 : 0o1
        if fileStatus.owner == identity.user { return fileStatus.mode & (bit << 6) != 0 }
        if identity.groups.contains(fileStatus.group) { return fileStatus.mode & (bit << 3) != 0 }
        return fileStatus.mode & bit != 0
    }
}
