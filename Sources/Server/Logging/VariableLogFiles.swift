import Linux

/// Log files whose names contain variables: opened for each line, or kept open in a cache
/// (`open_log_file_cache`). As in nginx they are opened with the rights of the workers, because
/// clients influence the name.
struct VariableLogFiles: ~Copyable {
    private let logs: [VariableLog]
    private var caches: [LogFileCache]
    private let user: Identity?
    private var lostCount = 0
    /// The number of lines dropped since the last report because no log allows their file name.
    private var refusedCount = 0
    /// The error of the last lost line.
    private var fault = SystemError("write()", code: Errno.again)
    /// The time until which errors of these files are not reported again.
    private var quietUntilMs = Int64.min

    init(_ logs: [VariableLog], _ caches: [LogFileCacheSettings], openedAs user: Identity?) {
        self.logs = logs
        self.caches = caches.map { LogFileCache($0, openedAs: user) }
        self.user = user
    }

    deinit { for cache in caches { cache.closeEverything() } }

    /// Appends a line to the file `path` of the log with index `log`. Returns a message for the
    /// request's error log if the file cannot be opened.
    ///
    /// Both numbers and the name come from a worker, which may be hostile: nothing is opened that
    /// the configuration does not allow.
    mutating func append(
        _ line: Span<UInt8>, to path: [UInt8], log: Int, nowMs: Int64
    ) -> String? {
        guard logs.indices.contains(log), logs[log].allows(path) else {
            refusedCount &+= 1
            return nil
        }
        guard path.count <= VariableLog.maxNameLength else {
            let beginning = Array(path.prefix(256)).span.text
            return SystemError("open()", "\"\(beginning)...\"", code: Errno.nameTooLong).description
        }
        let cache = logs[log].cache
        let opened =
            caches.indices.contains(cache)
            ? caches[cache].file(path, nowMs: nowMs) : LogFileCache.open(path, as: user)
        switch opened {
        case .success(let file):
            write(line, to: file.descriptor, path)
            if !file.isCached { closeDescriptor(file.descriptor) }
            return nil
        case .failure(let error):
            return SystemError("open()", "\"\(path.span.text)\"", code: error.code).description
        }
    }

    /// Closes all files: they may have been moved away.
    mutating func closeAll() {
        for index in caches.indices { caches[index].closeAll() }
    }

    private mutating func write(_ line: Span<UInt8>, to descriptor: Int32, _ path: [UInt8]) {
        // In one call, so that it is not mixed with other lines; with its line end, as in other
        // logs.
        var whole = line.indices.map { line[$0] }
        if whole.last != LineBuffer.end { whole.append(LineBuffer.end) }
        let result = unsafe whole.withUnsafeBytes { unsafe Linux.write(descriptor, $0) }
        if case .bytes(whole.count) = result { return }
        lostCount &+= 1
        let code: Int32 = if case .failed(let code) = result { code } else { Errno.again }
        fault = SystemError("write() to", "\"\(path.span.text)\"", code: code)
    }

    /// The time at which losses are reported; nil if there are none.
    var reportDueMs: Int64? { lostCount > 0 || refusedCount > 0 ? quietUntilMs : nil }

    /// Returns a report about lost lines, at most once a minute unless it `isLast`.
    mutating func popReport(nowMs: Int64, isLast: Bool = false) -> String? {
        guard lostCount > 0 || refusedCount > 0, isLast || nowMs >= quietUntilMs else {
            return nil
        }
        quietUntilMs = nowMs &+ LogOutput.reportIntervalMs
        if refusedCount > 0 {
            let lines = refusedCount == 1 ? "1 log line" : "\(refusedCount) log lines"
            refusedCount = 0
            return "\(lines) dropped: a worker sent a file name that no \"access_log\" allows"
        }
        let lines = lostCount == 1 ? "1 line was" : "\(lostCount) lines were"
        lostCount = 0
        return "\(lines) lost, the last error: \(fault)"
    }
}
