import Linux

/// What the error log says of a worker that died, beyond its signal: which request it was serving,
/// and whether that one has killed before.
struct DeathReports {
    /// How many requests that were in hand at a death are remembered.
    static let remembered = 16

    private var killers: [(request: String, count: Int)] = []

    /// What is to be said of a worker that a signal ended, from what it last noted.
    mutating func lines(_ process: Int32, _ last: Activity.Snapshot) -> [String] {
        let request = DeathReports.requestLine(last.text)
        guard !request.isEmpty else { return [] }
        guard last.isBusy, !last.isWaiting else {
            return ["worker process \(process) was waiting, after \"\(request)\""]
        }
        var lines = ["worker process \(process) was serving \"\(request)\""]
        let count = remember(request)
        if count > 1 {
            lines.append("the request \"\(request)\" has now ended \(count) workers")
        }
        return lines
    }

    /// Counts a request, the one that was not seen for longest going when there is no room.
    private mutating func remember(_ request: String) -> Int {
        var count = 1
        if let place = killers.firstIndex(where: { $0.request == request }) {
            count = killers.remove(at: place).count &+ 1
        }
        killers.append((request, count))
        if killers.count > DeathReports.remembered { killers.removeFirst() }
        return count
    }

    /// The first line that is not empty: what a client sends before its request line is skipped, as
    /// the parser does.
    static func requestLine(_ bytes: [UInt8]) -> String {
        let isEnd = { (byte: UInt8) in byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }
        let line = bytes.drop(while: isEnd).prefix { !isEnd($0) }
        return Array(line).span.text
    }
}
