import HTTP
import Linux

/// disable_symlinks: checks of the symbolic links in a path.
extension Worker {
    /// Opens the path with a check of its symbolic links. The prefix that `from=` names is not
    /// checked.
    mutating func openCheckingLinks(
        _ location: LocationPlan, _ request: inout Request
    ) -> Result<Int32, FileError> {
        let rule = plan.symlinkPlans[Int(location.symlinks)]
        // Evaluated before the path is borrowed: variables for the root use the same path buffer.
        let from = value(of: rule.from, &request)
        let trusted = Worker.uncheckedPrefix(of: path.span, from: from.span)
        if trusted == path.count { return openForReading(path.terminated()) }
        return openChecked(
            path.span, trusted: trusted, test: rule.allowsOwners ? .refuseOthers : .refuseAll)
    }

    /// Returns the length of the part of a path that is not checked: `part`, if the path begins
    /// with it name by name.
    static func uncheckedPrefix(of path: Span<UInt8>, from part: Span<UInt8>) -> Int {
        guard part.count > 0, path.starts(with: part) else { return 0 }
        if part.count == path.count || path[part.count] == UInt8(ascii: "/") { return part.count }
        return part[part.count &- 1] == UInt8(ascii: "/") ? part.count &- 1 : 0
    }
}
