/// System calls, counted.
enum CallCount {
    /// How many calls the first worker of a server makes while `body` runs, by name.
    static func during(_ server: TestServer, _ body: () throws -> Void) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in try CallTrace.during(server, options: ["-c"], body) {
            let words = line.split(separator: " ")
            guard words.count >= 5, Double(words[0]) != nil, let name = words.last, name != "total"
            else { continue }
            counts[String(name)] = Int(words[3])
        }
        return counts
    }

    /// Every call of `counts`, for each of so many requests.
    static func each(_ counts: [String: Int], of requests: Int) -> Double {
        Double(counts.values.reduce(0, +)) / Double(requests)
    }
}
