import HTTP
import Linux

/// Log lines about requests.
enum RequestLog {
    /// Finishes a request: writes its log line and closes its file.
    static func finish(_ request: inout Request, _ services: inout Services) {
        let location = Int(request.location)
        for index in 0..<services.plan.locations[location].accessLogs.count {
            writeLine(services.plan.locations[location].accessLogs[index], &request, &services)
        }
        services.explanation?.isFinished = true
        services.connections[request.slot].hasHeadDeadline = false
        // The next request of the pipeline, if there is one, starts now.
        request.startedMs = services.clock.monotonicMs
        if request.hasSource { FileResponse.closeSource(&request, &services) }
        if request.uri.isLoaded { services.paths.release(request.uri.unload()) }
        if request.context != nil { Variables.dropContext(&request, &services) }
        if request.sentHead != nil { request.sentHead = nil }
        RealIP.restoreRealAddress(&request, &services)
    }

    /// Logs a request that gets no response because its header was not received completely.
    static func logWithoutResponse(
        _ request: inout Request, _ services: inout Services, status: Int
    ) {
        services.connections[request.slot].requests &+= 1
        request.requestsInSlice &+= 1
        Phases.selectServerForRefused(&request, &services)
        request.status = status
        request.headBytes = 0
        request.bodyBytes = 0
        finish(&request, &services)
    }

    private static func writeLine(
        _ log: AccessLogPlan, _ request: inout Request, _ services: inout Services
    ) {
        if log.condition >= 0, !isTrue(log.condition, &request, &services) {
            services.explanation?.note("access_log: skipped, its if= is false")
            return
        }
        let format = services.plan.formats[Int(log.format)]
        var writer = services.accessLog.begin()
        while true {
            format.write(into: &writer) { piece, writer in
                Variables.writeValue(of: piece, &request, &services, into: &writer)
            }
            // A truncated line would be invalid JSON: it is written again into a larger buffer.
            guard services.accessLog.grow(for: writer) else { break }
            writer = services.accessLog.begin()
        }
        if services.explanation != nil {
            ResponseNotes.note(log, writer, &request, &services)
            return
        }
        let target = Int(log.target)
        switch log.destination {
        case .file:
            services.accessLog.add(
                writer, as: LogRecord(kind: .access, target: target),
                nowMs: services.clock.monotonicMs)
        case .syslog:
            // The datagram is the line's end.
            let record = LogRecord(
                kind: .syslog, target: target,
                detail: Int(truncatingIfNeeded: services.clock.seconds))
            services.accessLog.add(
                writer, as: record, withoutEnd: true, nowMs: services.clock.monotonicMs)
        case .named: addToVariableFile(writer, log, &request, &services)
        }
    }

    /// Evaluates a condition as nginx does: true for a text that is neither empty nor `0`.
    private static func isTrue(
        _ condition: Int32, _ request: inout Request, _ services: inout Services
    ) -> Bool {
        let condition = services.plan.templates[Int(condition)]
        let value = Variables.value(of: condition, &request, &services)
        return !value.isEmpty && value != [UInt8(ascii: "0")]
    }

    /// Adds a line to a file whose name has variables. As in nginx, the root of the request must
    /// exist, because otherwise clients could create log files with any name.
    private static func addToVariableFile(
        _ writer: ByteWriter, _ log: AccessLogPlan, _ request: inout Request,
        _ services: inout Services
    ) {
        let root = services.bytes { (services, writer) in
            FilePaths.writePath(isFile: false, &request, &services, into: &writer)
        }
        if let fault = LogFileCache.directoryFault(root) {
            let reason = "\(fault): \(SystemError.text(of: fault))"
            services.logError(
                .error, "testing \"\(root.span.text)\" existence failed (\(reason))",
                request)
            return
        }
        let template = services.plan.templates[Int(log.target)]
        let path = Variables.value(of: template, &request, &services)
        guard services.plan.variableLogs[Int(log.named)].allows(path) else {
            services.logError(
                .crit,
                "the log file name \"\(path.span.text)\" is not allowed: a variable changes "
                    + "its directory", request)
            return
        }
        let errorLog = services.plan.locations[Int(request.location)].errorLog
        services.accessLog.add(
            writer, toFileNamed: path, log: Int(log.named), errorLog: Int(errorLog),
            nowMs: services.clock.monotonicMs)
    }

    // MARK: errors

    static func logFault(
        _ fault: RequestFault, _ request: inout Request, _ services: inout Services
    ) {
        services.logError(.info, "\(fault.reason)", request)
    }

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
