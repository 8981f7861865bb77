import HTTP
import Linux

/// disable_symlinks.
extension Worker {
    /// Opens the path with a test of its links, from where the location says.
    mutating func openTested(
        _ location: LocationPlan, _ slot: Int, _ exchange: Int
    ) -> Result<Int32, FileError> {
        let test = plan.linkTests[Int(location.linkTest)]
        // A part with variables may ask for the root, which is put together in the path's place.
        let from = value(of: test.from, slot, exchange)
        let trusted = Worker.trustedCount(of: path.span, from: from.span)
        if trusted == path.count { return openForReading(path.terminated()) }
        return openTestingLinks(
            path.span, trusted: trusted, test: test.allowsOwners ? .refuseOthers : .refuseAll)
    }

    /// How much of a path is not tested: the part that it begins with, if it does so name by name.
    static func trustedCount(of path: Span<UInt8>, from part: Span<UInt8>) -> Int {
        guard part.count > 0, path.starts(with: part) else { return 0 }
        if part.count == path.count || path[part.count] == UInt8(ascii: "/") { return part.count }
        return part[part.count &- 1] == UInt8(ascii: "/") ? part.count &- 1 : 0
    }
}
