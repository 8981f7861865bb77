/// The delay before a worker that died is replaced: none, unless it died within a second; then 100
/// ms, doubled each time up to 5 s, and reset when a worker has lived for 10 s.
struct RespawnBackoff {
    private var pausesMs: [MasterState.Role: Int64] = [:]

    mutating func pauseMs(for role: MasterState.Role, livedMs: Int64) -> Int64 {
        if livedMs >= 10_000 { pausesMs[role] = nil }
        guard livedMs < 1000 else { return 0 }
        let pauseMs = min(5000, max(100, pausesMs[role, default: 0] * 2))
        pausesMs[role] = pauseMs
        return pauseMs
    }
}
