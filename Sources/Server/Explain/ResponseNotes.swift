import Files
import HTTP
import Linux

/// Notes about the content of a response.
extension Worker {
    /// Notes the file that is sent.
    @inline(never)
    func noteFile(_ fileStatus: FileStatus, _ coding: ContentCoding) {
        guard let explanation else { return }
        var date = InlineText<32>()
        date.write { HTTPDate.write(fileStatus.modified, into: &$0) }
        let name = path.text + (coding == .identity ? "" : coding.suffix.description)
        explanation.note("file \(name): \(fileStatus.size) bytes, modified \(date.span.text)")
    }

    /// Notes a line for an access log, which is not written.
    mutating func note(
        _ log: AccessLogPlan, _ writer: ByteWriter, _ request: inout Request
    ) {
        guard let explanation else { return }
        let target = Int(log.target)
        let name: String
        switch log.destination {
        case .file: name = plan.logFiles[target]
        case .syslog: name = "syslog"
        case .named:
            let template = plan.templates[target]
            name = value(of: template, &request).span.text
        }
        explanation.note("access_log \(name): \(accessLog.text(of: writer))")
    }
}

extension ByteRanges {
    /// A description for messages.
    var text: String {
        switch self {
        case .none: "ignored, the file is sent as a whole"
        case .unsatisfiable: "not within the file"
        case .one(let range): "bytes \(range.start)-\(range.end &- 1)"
        case .many(let ranges): "\(ranges.count) parts"
        }
    }
}

extension Worker.AccessVerdict {
    /// A description for messages.
    var text: String {
        switch self {
        case .declined: "not required here"
        case .allowed: "allowed"
        case .refused(let status): "refused with status \(status)"
        case .waits: "is being checked"
        }
    }
}

extension RequestVerdict {
    /// A description for messages.
    var text: String {
        switch self {
        case .unlimited: "not for this request, which has no key"
        case .passed: "passed"
        case .delayed(let milliseconds, _, _): "delayed by \(milliseconds) ms"
        case .rejected: "rejected"
        }
    }
}
