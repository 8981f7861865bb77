import Linux

/// Log files whose names are made of a request's variables: opened by the worker, with its rights,
/// for each line, or kept open in a cache (`open_log_file_cache`).
struct NamedLogFiles: ~Copyable {
    private var caches: [LogFileCache]
    private let errorLog: ErrorLog
    /// Until when nothing more is said of files that cannot be written.
    private var silentUntilMs = Int64.min

    init(_ caches: [LogFileCacheSettings], errorLog: ErrorLog) {
        self.caches = caches.map { LogFileCache($0) }
        self.errorLog = errorLog
    }

    deinit { for cache in caches { cache.closeEverything() } }

    /// Appends a line to the file of a name; `cache` is -1 for none. An error for the error log of
    /// the request, when the file cannot be opened.
    mutating func append(
        _ line: Span<UInt8>, to path: [UInt8], cache: Int, nowMs: Int64
    ) -> String? {
        let file: LogFileCache.OpenFile
        let opened =
            caches.indices.contains(cache)
            ? caches[cache].file(path, nowMs: nowMs) : LogFileCache.open(path)
        switch opened {
        case .success(let open): file = open
        case .failure(let error):
            return SystemError("open()", "\"\(path.span.text)\"", code: error.code).description
        }
        write(line, to: file.descriptor, path, nowMs: nowMs)
        if !file.isKept { closeDescriptor(file.descriptor) }
        return nil
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

    private mutating func write(
        _ line: Span<UInt8>, to descriptor: Int32, _ path: [UInt8], nowMs: Int64
    ) {
        let result = unsafe line.withUnsafeBytes { unsafe Linux.write(descriptor, $0) }
        if case .bytes(line.count) = result { return }
        guard nowMs >= silentUntilMs else { return }
        silentUntilMs = nowMs &+ 60_000
        let name = "\"\(path.span.text)\""
        switch result {
        case .bytes(let written):
            errorLog.write(
                .alert, "write() to \(name) was incomplete: \(written) of \(line.count)")
        case .wouldBlock:
            errorLog.write(
                .alert, SystemError("write() to", name, code: Errno.again).description)
        case .failed(let code):
            errorLog.write(.alert, SystemError("write() to", name, code: code).description)
        }
    }
}
