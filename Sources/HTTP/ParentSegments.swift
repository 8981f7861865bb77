extension Span where Element == UInt8 {
    /// The number of segments of a path that are `..`.
    public var parentSegments: Int {
        var found = 0
        var index = 0
        while true {
            let dot = firstIndex(of: 0x2E, from: index, to: count)
            guard dot < count else { return found }
            index = dot &+ 1
            guard dot == 0 || self[dot &- 1] == 0x2F, index < count, self[index] == 0x2E else {
                continue
            }
            if index &+ 1 == count || self[index &+ 1] == 0x2F { found &+= 1 }
        }
    }

    /// Returns the number of `..` segments that are complete within this part of a path. Its first
    /// and last segments are complete only if nothing precedes or follows the part.
    public func wholeParentSegments(isFirst: Bool, isLast: Bool) -> Int {
        var start = 0
        var end = count
        if !isFirst { start = firstIndex(of: 0x2F, from: 0, to: count) }
        if !isLast {
            while end > start, self[end &- 1] != 0x2F { end &-= 1 }
        }
        return slice(from: start, to: end).parentSegments
    }
}
