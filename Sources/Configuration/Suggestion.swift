/// Suggestions for misspelled names.
public enum Suggestion {
    /// Returns the most similar of the names, the first of equals, or nil if none is similar: a
    /// third of the letters may be wrong, and never more than three. Case is ignored.
    public static func nearest(to word: String, among names: [String]) -> String? {
        let typed = word.utf8.map(ASCII.lowercased)
        guard !typed.isEmpty, typed.count <= 64 else { return nil }
        var limit = min(max(typed.count / 3, 1), 3)
        var nearest: String?
        for name in names where abs(name.utf8.count - typed.count) <= limit {
            let distance = distance(typed, name.utf8.map(ASCII.lowercased))
            guard distance < limit || (distance == limit && nearest == nil) else { continue }
            nearest = name
            limit = distance
        }
        return nearest
    }

    /// Returns the number of letters that were left out, inserted, changed or swapped with their
    /// neighbour (the Damerau-Levenshtein distance, with each letter edited once).
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1]
            row.reserveCapacity(right.count + 1)
            for j in right.indices {
                let substituted = last[j] + (left[i] == right[j] ? 0 : 1)
                var best = min(substituted, last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                row.append(best)
            }
            beforeLast = last
            last = row
        }
        return last[right.count]
    }
}
