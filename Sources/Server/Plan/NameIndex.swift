import HTTP

/// A name, and the index of an element in another table of the plan.
struct NamedIndex: BitwiseCopyable {
    var name: PlanBytes
    var index: Int32
}

extension PlanTable where Element == NamedIndex {
    /// Returns the index for `name`; the table is sorted by ``compare(_:_:)``.
    func index(of name: Span<UInt8>) -> Int32? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) / 2
            let order = compare(self[middle].name.span, name)
            if order == 0 { return self[middle].index }
            if order < 0 { low = middle &+ 1 } else { high = middle }
        }
        return nil
    }
}

/// Compares by bytes: negative, zero or positive.
func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
    let shared = min(left.count, right.count)
    var index = 0
    while index < shared {
        let difference = Int(left[index]) &- Int(right[index])
        if difference != 0 { return difference }
        index &+= 1
    }
    return left.count &- right.count
}
