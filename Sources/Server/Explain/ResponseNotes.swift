import Files
import HTTP
import Linux

/// Notes about the content of a response.
enum ResponseNotes {
    /// Notes the file that is sent.
    @inline(never)
    static func noteFile(
        _ fileStatus: FileStatus, _ coding: ContentCoding, _ services: borrowing Services
    ) {
        guard let explanation = services.explanation else { return }
        var date = InlineText<32>()
        date.write { HTTPDate.write(fileStatus.modified, into: &$0) }
        let name = services.path.text + (coding == .identity ? "" : coding.suffix.description)
        explanation.note("file \(name): \(fileStatus.size) bytes, modified \(date.span.text)")
    }

    /// Notes a line for an access log, which is not written.
    static func note(
        _ log: AccessLogPlan, _ writer: ByteWriter, _ request: inout Request,
        _ services: inout Services
    ) {
        guard let explanation = services.explanation else { return }
        let target = Int(log.target)
        let name: String
        switch log.destination {
        case .file: name = services.plan.logFiles[target]
        case .syslog: name = "syslog"
        case .named:
            let template = services.plan.templates[target]
            name = Variables.value(of: template, &request, &services).span.text
        }
        explanation.note("access_log \(name): \(services.accessLog.text(of: writer))")
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

extension AccessVerdict {
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
