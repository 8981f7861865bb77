import HTTP

/// A set of the methods that nginx distinguishes.
struct MethodSet: OptionSet, BitwiseCopyable {
    let rawValue: UInt32

    /// Creates the set of one method; empty for an unknown one.
    init(_ method: Method) {
        rawValue = method == .unknown ? 0 : 1 << UInt32(method.rawValue)
    }

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Returns the methods that a name in `limit_except` allows: GET includes HEAD. Returns nil for
    /// an unknown name.
    static func named(_ name: String) -> MethodSet? {
        let bytes = Array(name.utf8).map { $0 &- 0x61 < 26 ? $0 & 0xDF : $0 }
        let method = Method(name: bytes.span)
        guard method != .unknown, method != .connect, method != .trace else { return nil }
        return method == .get ? [MethodSet(.get), MethodSet(.head)] : MethodSet(method)
    }
}

/// A `limit_except` block, and the methods that it excludes.
struct MethodLimitDraft {
    let allowed: MethodSet
    let scope: LevelSettings
    let written: SourceRange
}

/// A `limit_except`, compiled: for other methods a pseudo location replaces its location.
struct MethodLimitPlan: BitwiseCopyable {
    let allowed: MethodSet
    let location: Int32
}
