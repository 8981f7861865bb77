import HTTP
import Linux

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
