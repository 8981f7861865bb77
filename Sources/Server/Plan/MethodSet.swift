import HTTP

/// Some of the methods that nginx tells apart.
struct MethodSet: OptionSet, BitwiseCopyable {
    let rawValue: UInt32

    /// The set of one method; one that nobody knows is in no set.
    init(_ method: Method) {
        rawValue = method == .unknown ? 0 : 1 << UInt32(method.rawValue)
    }

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// What a name in `limit_except` allows: with GET also HEAD. nil for a name that nobody knows.
    static func named(_ name: String) -> MethodSet? {
        let bytes = Array(name.utf8).map { $0 &- 0x61 < 26 ? $0 & 0xDF : $0 }
        let method = Method(name: bytes.span)
        guard method != .unknown, method != .connect, method != .trace else { return nil }
        return method == .get ? [MethodSet(.get), MethodSet(.head)] : MethodSet(method)
    }
}

/// A `limit_except`: which methods it is not for.
struct MethodLimitDraft {
    let allowed: MethodSet
    let scope: Scope
    let written: Written
}

/// A `limit_except`, compiled: for other methods a pseudo location takes the place of its location.
struct MethodLimitPlan: BitwiseCopyable {
    let allowed: MethodSet
    let location: Int32
}
