import HTTP
import Linux

/// disable_symlinks.
extension Worker {
    /// Opens the path with a check of its links, from the directory that the location names.
    mutating func openCheckingLinks(
        _ location: LocationPlan, _ slot: Int, _ exchange: Int
    ) -> Result<Int32, FileError> {
        let test = plan.symlinkPlans[Int(location.symlinks)]
        // A part with variables may use the root, which is built in the same path buffer.
        let from = value(of: test.from, slot, exchange)
        let trusted = Worker.uncheckedPrefix(of: path.span, from: from.span)
        if trusted == path.count { return openForReading(path.terminated()) }
        return openChecked(
            path.span, trusted: trusted, test: test.allowsOwners ? .refuseOthers : .refuseAll)
    }

    /// Returns the length of the part of a path that is not checked: `part`, if the path begins
    /// with it name by name.
    static func uncheckedPrefix(of path: Span<UInt8>, from part: Span<UInt8>) -> Int {
        guard part.count > 0, path.starts(with: part) else { return 0 }
        if part.count == path.count || path[part.count] == UInt8(ascii: "/") { return part.count }
        return part[part.count &- 1] == UInt8(ascii: "/") ? part.count &- 1 : 0
    }
}
