import Files
import HTTP
import Linux

/// Execution of a level's script (nginx's rewrite module).
extension Rewrite {
    /// Runs a script. Returns nil if the request continues.
    static func run(
        _ request: inout Request, _ services: inout Services, _ script: Int32
    ) -> PhaseOutcome? {
        let steps = services.plan.scripts[Int(script)]
        // nginx escapes captures in values until a rewrite has matched.
        var quotes = true
        var index = 0
        while index < steps.count {
            let step = steps[index]
            index &+= 1
            switch step.operation {
            case .set:
                let value = captured(step.left, escapes: quotes, &request, &services)
                note(script, index, "\"\(value.span.text)\"", services)
                services.context(of: &request).values[Int(step.index)] = .known(value)
            case .setArguments:
                let value = captured(step.left, escapes: quotes, &request, &services)
                note(script, index, "\"\(value.span.text)\"", services)
                services.context(of: &request).args = value
            case .setRate:
                LimitRate.setRate(step.left, &request, &services)
                note(script, index, "done", services)
            case .test:
                guard
                    let isTrue = evaluateCondition(step, quotes: quotes, &request, &services)
                else {
                    return .status(500)
                }
                note(script, index, isTrue ? "is true" : "is false", services)
                if !isTrue { index = Int(step.index) }
            case .enter: Phases.enterLocation(step.index, &request, &services)
            case .respond:
                note(script, index, "responds with status \(step.index)", services)
                return runReturn(step, &request, &services)
            case .stop:
                note(script, index, "stops rewriting", services)
                leaveLocation(&request, &services)
                return nil
            case .rewrite:
                switch runRewrite(step, &request, &services) {
                case .unmatched: note(script, index, "does not match", services)
                case .continues:
                    quotes = false
                    note(script, index, "matches: \(pathAndQuery(request))", services)
                    if step.rewrite.contains(.last) { return nil }
                case .ended(let outcome):
                    if case .status(let status) = outcome {
                        note(script, index, "matches: redirects with status \(status)", services)
                    }
                    return outcome
                }
            }
        }
        return nil
    }

    /// Notes the result of the step before `next`, for `apus explain`.
    @inline(__always)
    private static func note(
        _ script: Int32, _ next: Int, _ text: @autoclosure () -> String,
        _ services: borrowing Services
    ) {
        guard let explanation = services.explanation else { return }
        let origin = services.plan.scriptPlaces[Int(script)][next &- 1]
        explanation.note("\(services.plan.text(of: origin)): \(text())")
    }

    private static func pathAndQuery(_ request: borrowing Request) -> String {
        let query = arguments(request)
        let path = request.uri.span.text
        return query.isEmpty ? path : "\(path)?\(query.span.text)"
    }

    /// Handles `break`: the request stays in its location, even if the path has changed.
    private static func leaveLocation(_ request: inout Request, _ services: inout Services) {
        request.isRewritten = false
        services.context(of: &request).isOutsideAlias = true
    }

    // MARK: if

    /// Evaluates a condition. Returns nil if its regular expression took too many steps or failed.
    private static func evaluateCondition(
        _ step: ScriptStep, quotes: Bool, _ request: inout Request, _ services: inout Services
    ) -> Bool? {
        switch step.condition {
        case .holds:
            let value = Variables.value(of: step.left, &request, &services)
            return !value.isEmpty && value != [UInt8(ascii: "0")]
        case .equals, .differs:
            let left = Variables.value(of: step.left, &request, &services)
            let right = captured(step.right, escapes: quotes, &request, &services)
            return (left == right) == (step.condition == .equals)
        case .matches, .matchesNot:
            let subject = Variables.value(of: step.left, &request, &services)
            guard let matches = matches(step.regex, subject.span, &request, &services) else {
                return nil
            }
            return matches == (step.condition == .matches)
        default: return holdsForFile(step, quotes: quotes, &request, &services)
        }
    }

    /// Matches a regular expression and stores its captures. Returns nil if it took too many steps,
    /// which is logged.
    private static func matches(
        _ regex: Int32, _ subject: Span<UInt8>, _ request: inout Request, _ services: inout Services
    ) -> Bool? {
        switch services.plan.regexes[Int(regex)].matches(subject) {
        case .match:
            Variables.storeCaptures(of: regex, in: subject, &request, &services)
            return true
        case .noMatch:
            request.context?.captures = Captures()
            return false
        case .limitReached:
            services.logError(
                .error,
                "\(named(regex, request, services)) took too many steps on \"\(subject.text)\"",
                request)
            return nil
        case .failed(let code):
            services.logError(
                .alert, "a regular expression failed on \"\(subject.text)\": \(code)",
                code: code, request)
            return nil
        }
    }

    /// Returns a regular expression with its location, for messages.
    private static func named(
        _ regex: Int32, _ request: borrowing Request, _ services: borrowing Services
    ) -> String {
        "the regular expression \"\(services.plan.regexes[Int(regex)].pattern)\" in "
            + services.plan.text(ofLocation: request.location)
    }

    private static func holdsForFile(
        _ step: ScriptStep, quotes: Bool, _ request: inout Request, _ services: inout Services
    ) -> Bool {
        var name = PathBuffer()
        let value = captured(step.left, escapes: quotes, &request, &services)
        name.begin(
            withRoot: value.span,
            writtenParents: FilePaths.writtenParents(in: step.left, &request, &services))
        if name.fault == 0, name.leavesRoot { name.fail(Errno.noEntry) }
        let found: FileStatus?
        switch name.fault != 0
            ? .failure(FileError(code: name.fault)) : fileStatus(of: name.terminated())
        {
        case .success(let fileStatus): found = fileStatus
        case .failure(let error):
            found = nil
            if !error.isMissing {
                services.logError(
                    .crit, "\(SystemError("stat()", "\"\(name.text)\"", code: error.code))",
                    code: error.code, request)
            }
        }
        switch step.condition {
        case .isFile: return found?.kind == .regular
        case .isNoFile: return found?.kind != .regular
        case .isDirectory: return found?.kind == .directory
        case .isNoDirectory: return found?.kind != .directory
        case .exists: return found != nil
        case .existsNot: return found == nil
        case .isExecutable: return (found?.mode ?? 0) & 0o100 != 0
        default: return (found?.mode ?? 0) & 0o100 == 0
        }
    }

    // MARK: return

    private static func runReturn(
        _ step: ScriptStep, _ request: inout Request, _ services: inout Services
    ) -> PhaseOutcome {
        let status = Int(step.index)
        guard status < 400 || step.rewrite.contains(.hasText) else { return .status(status) }
        // The text may use $status (ngx_http_send_response).
        request.status =
            request.errorStatus > 0 ? request.errorStatus : status
        let text = Variables.value(of: step.left, &request, &services)
        if Status.isRedirect(status) {
            services.context(of: &request).target = text
            return .status(status)
        }
        return BuiltInResponse.respondWithText(status, text, &request, &services)
    }

    // MARK: rewrite

    private enum RewriteResult {
        case unmatched
        case continues
        case ended(PhaseOutcome)
    }

    private static func runRewrite(
        _ step: ScriptStep, _ request: inout Request, _ services: inout Services
    ) -> RewriteResult {
        let subject = request.uri.span
        let path = subject.indices.map { subject[$0] }
        let logs = services.plan.locations[Int(request.location)].features
            .contains(.logsRewrites)
        switch services.plan.regexes[Int(step.regex)].matches(path.span) {
        case .match: break
        case .noMatch:
            request.context?.captures = Captures()
            if logs { logMatch(step, path, "does not match", request, services) }
            return .unmatched
        case .limitReached, .failed:
            services.logError(
                .error,
                "\(named(step.regex, request, services)) took too many steps on "
                    + "\"\(path.span.text)\"",
                request)
            return .ended(.status(500))
        }
        if logs { logMatch(step, path, "matches", request, services) }
        Variables.storeCaptures(of: step.regex, in: path.span, &request, &services, always: true)
        if step.rewrite.contains(.redirects) { return redirect(step, &request, &services) }
        return replace(step, &request, &services)
    }

    private static func logMatch(
        _ step: ScriptStep, _ path: [UInt8], _ verb: String, _ request: borrowing Request,
        _ services: borrowing Services
    ) {
        let pattern = services.plan.regexes[Int(step.regex)].pattern
        services.logError(.notice, "\"\(pattern)\" \(verb) \"\(path.span.text)\"", request)
    }

    /// Redirects the client.
    private static func redirect(
        _ step: ScriptStep, _ request: inout Request, _ services: inout Services
    ) -> RewriteResult {
        let text = captured(step.left, escapes: true, &request, &services)
        var target = RedirectText.unescaped(text)
        let arguments = arguments(request)
        if step.rewrite.contains(.keepsArguments), !arguments.isEmpty {
            target.append(UInt8(ascii: step.rewrite.contains(.hasArguments) ? "&" : "?"))
            target += arguments
        }
        logRewritten("redirect", target, [], request, services)
        services.context(of: &request).target = target
        return .ended(.status(Int(step.index)))
    }

    /// Replaces the path.
    private static func replace(
        _ step: ScriptStep, _ request: inout Request, _ services: inout Services
    ) -> RewriteResult {
        let path = captured(step.left, escapes: false, &request, &services)
        let context = services.context(of: &request)
        if step.rewrite.contains(.hasArguments) {
            var query = captured(step.right, escapes: true, &request, &services)
            let arguments = arguments(request)
            if step.rewrite.contains(.keepsArguments), !arguments.isEmpty {
                query.append(UInt8(ascii: "&"))
                query += arguments
            }
            context.args = query
        } else if !step.rewrite.contains(.keepsArguments) {
            context.args = []
        }
        logRewritten("data", path, arguments(request), request, services)
        guard !path.isEmpty else {
            services.logError(.error, "the rewritten URI has a zero length", request)
            return .ended(.status(500))
        }
        guard request.uri.replace(by: path.span) else { return .ended(.status(500)) }
        request.isInternal = true
        if step.rewrite.contains(.staysInLocation) {
            leaveLocation(&request, &services)
        } else {
            request.isRewritten = true
        }
        return .continues
    }

    private static func logRewritten(
        _ what: String, _ text: [UInt8], _ arguments: [UInt8], _ request: borrowing Request,
        _ services: borrowing Services
    ) {
        let location = services.plan.locations[Int(request.location)]
        guard location.features.contains(.logsRewrites) else { return }
        let query = what == "data" ? ", args: \"\(arguments.span.text)\"" : ""
        services.logError(.notice, "rewritten \(what): \"\(text.span.text)\"\(query)", request)
    }

    /// Returns the current query.
    static func arguments(_ request: borrowing Request) -> [UInt8] {
        if let args = request.context?.args { return args }
        let query = request.received.slice(request.parser.head.query)
        return query.indices.map { query[$0] }
    }

    /// Returns the value of a text in the script. With `escapes`, captures are escaped if the
    /// client's path had escapes, so that `%26` does not become `&` in a query or a Location
    /// (ngx_http_script_copy_capture_code: quoted_uri, plus_in_uri).
    private static func captured(
        _ template: Template, escapes: Bool, _ request: inout Request, _ services: inout Services
    ) -> [UInt8] {
        guard escapes, template.hasCaptures, hasEscapedPath(request) else {
            return Variables.value(of: template, &request, &services)
        }
        return services.bytes { (services, writer) in
            for index in 0..<template.pieces.count {
                let piece = template.pieces[index]
                if piece.source == .capture {
                    if let group = request.context?.captures[Int(piece.index)] {
                        RequestTarget.escape(arguments: group.span, into: &writer)
                    }
                } else {
                    _ = Variables.writeValue(of: piece, &request, &services, into: &writer)
                }
            }
        }
    }
}

extension Rewrite {
    /// Returns true if the path that the client sent has an escape or a plus sign; false for a
    /// subrequest, whose path comes from the configuration.
    private static func hasEscapedPath(_ request: borrowing Request) -> Bool {
        guard !request.isSubrequest else { return false }
        let raw = request.received.slice(request.parser.head.path)
        return raw.firstIndex(of: UInt8(ascii: "%")) != nil
            || raw.firstIndex(of: UInt8(ascii: "+")) != nil
    }
}

/// Decoding of the target of a redirect by `rewrite` (ngx_unescape_uri, NGX_UNESCAPE_REDIRECT).
enum RedirectText {
    /// Decodes, up to the first `?`, the escapes of ASCII bytes above `%`. For an invalid escape,
    /// nginx drops the percent sign and, if a digit follows, that digit and the byte after it.
    static func unescaped(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "?") { return result + text[index...] }
            if byte == UInt8(ascii: "%") {
                guard index + 1 < text.count, let high = digit(text[index + 1]) else {
                    index += 1
                    if index < text.count { result.append(text[index]) }
                    index += 1
                    continue
                }
                guard index + 2 < text.count, let low = digit(text[index + 2]) else {
                    index += 3
                    continue
                }
                let decoded = high << 4 | low
                if decoded == UInt8(ascii: "?") {
                    result.append(decoded)
                    return result + text[(index + 3)...]
                }
                if decoded > UInt8(ascii: "%"), decoded < 0x7F {
                    result.append(decoded)
                } else {
                    result += text[index...(index + 2)]
                }
                index += 3
            } else {
                result.append(byte)
                index += 1
            }
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        let digit = byte &- UInt8(ascii: "0")
        if digit < 10 { return digit }
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter &+ 10 : nil
    }
}
