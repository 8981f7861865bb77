import HTTP
import Linux

/// Log lines about requests.
extension Worker {
    /// Finishes a request: writes its log line and closes its file.
    mutating func finish(_ request: inout Request) {
        let location = Int(request.location)
        for index in 0..<plan.locations[location].accessLogs.count {
            writeLine(plan.locations[location].accessLogs[index], &request)
        }
        explanation?.isFinished = true
        connections[request.slot].hasHeadDeadline = false
        // The next request of the pipeline, if there is one, starts now.
        request.startedMs = clock.monotonicMs
        if request.hasSource { closeSource(&request) }
        if request.uri.isLoaded { paths.release(request.uri.unload()) }
        if request.context != nil { dropContext(&request) }
        if request.sentHead != nil { request.sentHead = nil }
        restoreRealAddress(&request)
    }

    /// Logs a request that gets no response because its header was not received completely.
    mutating func logWithoutResponse(_ request: inout Request, status: Int) {
        connections[request.slot].requests &+= 1
        request.requestsInSlice &+= 1
        selectServerForRefused(&request)
        request.status = status
        request.headBytes = 0
        request.bodyBytes = 0
        finish(&request)
    }

    private mutating func writeLine(_ log: AccessLogPlan, _ request: inout Request) {
        if log.condition >= 0, !isTrue(log.condition, &request) {
            explanation?.note("access_log: skipped, its if= is false")
            return
        }
        let format = plan.formats[Int(log.format)]
        var writer = accessLog.begin()
        while true {
            format.write(into: &writer) { piece, writer in
                writeValue(of: piece, &request, into: &writer)
            }
            // A truncated line would be invalid JSON: it is written again into a larger buffer.
            guard accessLog.grow(for: writer) else { break }
            writer = accessLog.begin()
        }
        if explanation != nil {
            note(log, writer, &request)
            return
        }
        let target = Int(log.target)
        switch log.destination {
        case .file:
            accessLog.add(
                writer, as: LogRecord(kind: .access, target: target), nowMs: clock.monotonicMs)
        case .syslog:
            // The datagram is the line's end.
            let record = LogRecord(
                kind: .syslog, target: target, detail: Int(truncatingIfNeeded: clock.seconds))
            accessLog.add(writer, as: record, withoutEnd: true, nowMs: clock.monotonicMs)
        case .named: addToVariableFile(writer, log, &request)
        }
    }

    /// Evaluates a condition as nginx does: true for a text that is neither empty nor `0`.
    private mutating func isTrue(_ condition: Int32, _ request: inout Request) -> Bool {
        let condition = plan.templates[Int(condition)]
        let value = value(of: condition, &request)
        return !value.isEmpty && value != [UInt8(ascii: "0")]
    }

    /// Adds a line to a file whose name has variables. As in nginx, the root of the request must
    /// exist, because otherwise clients could create log files with any name.
    private mutating func addToVariableFile(
        _ writer: ByteWriter, _ log: AccessLogPlan, _ request: inout Request
    ) {
        let root = bytes { (worker, writer) in
            _ = worker.writePath(.documentRoot, &request, into: &writer)
        }
        if let fault = LogFileCache.directoryFault(root) {
            let reason = "\(fault): \(SystemError.text(of: fault))"
            logError(
                .error, "testing \"\(root.span.text)\" existence failed (\(reason))",
                request)
            return
        }
        let template = plan.templates[Int(log.target)]
        let path = value(of: template, &request)
        guard plan.variableLogs[Int(log.named)].allows(path) else {
            logError(
                .crit,
                "the log file name \"\(path.span.text)\" is not allowed: a variable changes "
                    + "its directory", request)
            return
        }
        let errorLog = plan.locations[Int(request.location)].errorLog
        accessLog.add(
            writer, toFileNamed: path, log: Int(log.named), errorLog: Int(errorLog),
            nowMs: clock.monotonicMs)
    }

    // MARK: errors

    mutating func logFault(_ fault: RequestFault, _ request: inout Request) {
        logError(.info, "\(fault.reason)", request)
    }

    /// Writes a line to the location's error log, with the client and the request, as in nginx.
    func logError(
        _ level: LogLevel, _ message: @autoclosure () -> String, _ request: borrowing Request
    ) {
        let index = Int(plan.locations[Int(request.location)].errorLog)
        let log = context.errorLogs[index]
        guard log.writes(level) else { return }
        errorLines.count &+= 1
        if let explanation {
            explanation.note("error_log: [\(level.name)] \(message())")
            return
        }
        let message = message()
        guard admits(level, message, log: index) else { return }
        let head = request.parser.head
        let received = request.received
        var text =
            "*\(connections[request.slot].number) \(message), client: \(peers[request.slot].text)"
        let server = plan.servers[Int(request.server)]
        text += ", server: \(server.name.text)"
        if !head.requestLine.isEmpty {
            text += ", request: \"\(received.slice(head.requestLine).text)\""
        }
        if let host = head.field(.host) { text += ", host: \"\(received.slice(host).text)\"" }
        if let referrer = head.field(.referer) {
            text += ", referrer: \"\(received.slice(referrer).text)\""
        }
        log.write(level, text)
    }
}

// Limits for repeated messages.
extension Worker {
    /// Writes a line to the main error log that belongs to no request.
    func logFailure(_ level: LogLevel, _ message: String) {
        guard context.errorLog.writes(level), admits(level, message, log: 0) else { return }
        context.errorLog.write(level, message)
    }

    private func admits(_ level: LogLevel, _ message: String, log: Int) -> Bool {
        repeatedMessages.admits(level, message, log: log, nowMs: clock.monotonicMs)
    }

    /// Reports the counts of messages that were not written.
    func reportRepeated(all: Bool = false) {
        for report in repeatedMessages.popReports(nowMs: clock.monotonicMs, all: all) {
            context.errorLogs[report.log].write(report.level, report.text)
        }
    }
}

/// The number of lines that a worker has written about requests: a response that caused one is not
/// cached, since the next one must be logged, too.
final class ErrorLineCount {
    var count: UInt64 = 0
}

extension Span where Element == UInt8 {
    /// The bytes as text, for messages; all but printable ASCII as \xHH.
    var text: String {
        var text = ""
        for index in indices {
            let byte = self[index]
            if byte >= 0x20, byte < 0x7F {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16)
                text += digits.utf8.count == 1 ? "\\x0" + digits : "\\x" + digits
            }
        }
        return text
    }
}

extension Peer {
    /// The address as text.
    var text: String {
        var text = InlineText<64>()
        text.write { write(into: &$0) }
        return text.span.text
    }
}
