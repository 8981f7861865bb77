import Linux

/// Log files whose names are made of a request's variables: opened for each line, or kept open in a
/// cache (`open_log_file_cache`); as nginx does, with the rights of the workers, for a client has a
/// say in which file it is.
struct NamedLogFiles: ~Copyable {
    private var caches: [LogFileCache]
    private let user: Identity?
    private var lostCount = 0
    /// Why the last of them were lost.
    private var fault = SystemError("write()", code: Errno.again)
    /// Until when nothing more is said of files that cannot be written.
    private var silentUntilMs = Int64.min

    init(_ caches: [LogFileCacheSettings], openedAs user: Identity?) {
        self.caches = caches.map { LogFileCache($0, openedAs: user) }
        self.user = user
    }

    deinit { for cache in caches { cache.closeEverything() } }

    /// Appends a line to the file of a name; `cache` is -1 for none. An error for the error log of
    /// the request, when the file cannot be opened.
    mutating func append(
        _ line: Span<UInt8>, to path: [UInt8], cache: Int, nowMs: Int64
    ) -> String? {
        // The name came through shared memory.
        guard !path.isEmpty, !path.contains(0) else { return nil }
        let opened =
            caches.indices.contains(cache)
            ? caches[cache].file(path, nowMs: nowMs) : LogFileCache.open(path, as: user)
        switch opened {
        case .success(let file):
            write(line, to: file.descriptor, path)
            if !file.isKept { closeDescriptor(file.descriptor) }
            return nil
        case .failure(let error):
            return SystemError("open()", "\"\(path.span.text)\"", code: error.code).description
        }
    }

    /// Closes what is open: the files may have been moved away.
    mutating func closeAll() {
        for index in caches.indices { caches[index].closeAll() }
    }

    /// Whether a name has `..` in it: what a client sends may choose a file below the directory
    /// that the configuration names, and no other.
    static func leadsUp(_ path: [UInt8]) -> Bool {
        path.split(separator: UInt8(ascii: "/"))
            .contains { $0.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) }
    }

    private mutating func write(_ line: Span<UInt8>, to descriptor: Int32, _ path: [UInt8]) {
        let result = unsafe line.withUnsafeBytes { unsafe Linux.write(descriptor, $0) }
        if case .bytes(line.count) = result { return }
        lostCount &+= 1
        let code: Int32 = if case .failed(let code) = result { code } else { Errno.again }
        fault = SystemError("write() to", "\"\(path.span.text)\"", code: code)
    }

    /// When losses are to be told; nil when there are none.
    var reportDueMs: Int64? { lostCount > 0 ? silentUntilMs : nil }

    /// What is to be said of lines that were lost, at most once a minute unless it `isLast`.
    mutating func takeReport(nowMs: Int64, isLast: Bool = false) -> String? {
        guard lostCount > 0, isLast || nowMs >= silentUntilMs else { return nil }
        silentUntilMs = nowMs &+ LogOutput.reportIntervalMs
        let lines = lostCount == 1 ? "1 line was" : "\(lostCount) lines were"
        lostCount = 0
        return "\(lines) lost, last because \(fault)"
    }
}
