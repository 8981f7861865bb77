import Files
import HTTP
import Linux

/// Execution of a level's script (nginx's rewrite module).
extension Worker {
    /// Runs a script. Returns nil if the request continues.
    mutating func runScript(_ script: Int32, _ request: inout Request) -> Outcome? {
        preventCaching()
        let steps = plan.scripts[Int(script)]
        // nginx escapes captures in values until a rewrite has matched.
        var quotes = true
        var index = 0
        while index < steps.count {
            let step = steps[index]
            index &+= 1
            switch step.operation {
            case .set:
                let value = captured(step.left, escapes: quotes, &request)
                note(script, index, "\"\(value.span.text)\"")
                context(of: &request).values[Int(step.index)] = .known(value)
            case .setArguments:
                let value = captured(step.left, escapes: quotes, &request)
                note(script, index, "\"\(value.span.text)\"")
                context(of: &request).args = value
            case .setRate:
                setRate(step.left, &request)
                note(script, index, "done")
            case .test:
                guard
                    let isTrue = evaluateCondition(step, quotes: quotes, &request)
                else {
                    return .status(500)
                }
                note(script, index, isTrue ? "is true" : "is false")
                if !isTrue { index = Int(step.index) }
            case .enter: enterLocation(step.index, &request)
            case .respond:
                note(script, index, "responds with status \(step.index)")
                return runReturn(step, &request)
            case .stop:
                note(script, index, "stops rewriting")
                leaveLocation(&request)
                return nil
            case .rewrite:
                switch runRewrite(step, &request) {
                case .unmatched: note(script, index, "does not match")
                case .continues:
                    quotes = false
                    note(script, index, "matches: \(pathAndQuery(request))")
                    if step.rewrite.contains(.last) { return nil }
                case .ended(let outcome):
                    if case .status(let status) = outcome {
                        note(script, index, "matches: redirects with status \(status)")
                    }
                    return outcome
                }
            }
        }
        return nil
    }

    /// Notes the result of the step before `next`, for `apus explain`.
    @inline(__always)
    private func note(_ script: Int32, _ next: Int, _ text: @autoclosure () -> String) {
        guard let explanation else { return }
        let origin = plan.scriptPlaces[Int(script)][next &- 1]
        explanation.note("\(plan.text(of: origin)): \(text())")
    }

    private func pathAndQuery(_ request: borrowing Request) -> String {
        let query = arguments(request)
        let path = request.uri.span.text
        return query.isEmpty ? path : "\(path)?\(query.span.text)"
    }

    /// Handles `break`: the request stays in its location, even if the path has changed.
    private mutating func leaveLocation(_ request: inout Request) {
        request.isRewritten = false
        context(of: &request).isOutsideAlias = true
    }

    // MARK: if

    /// Evaluates a condition. Returns nil if its regular expression hit its limit or failed.
    private mutating func evaluateCondition(
        _ step: ScriptStep, quotes: Bool, _ request: inout Request
    ) -> Bool? {
        switch step.condition {
        case .holds:
            let value = value(of: step.left, &request)
            return !value.isEmpty && value != [UInt8(ascii: "0")]
        case .equals, .differs:
            let left = value(of: step.left, &request)
            let right = captured(step.right, escapes: quotes, &request)
            return (left == right) == (step.condition == .equals)
        case .matches, .matchesNot:
            let subject = value(of: step.left, &request)
            guard let matches = matches(step.regex, subject.span, &request) else {
                return nil
            }
            return matches == (step.condition == .matches)
        default: return holdsForFile(step, quotes: quotes, &request)
        }
    }

    /// Matches a regular expression and stores its captures. Returns nil if it hit its limit, which
    /// is logged.
    private mutating func matches(
        _ regex: Int32, _ subject: Span<UInt8>, _ request: inout Request
    ) -> Bool? {
        switch plan.regexes[Int(regex)].matches(subject) {
        case .match:
            storeCaptures(of: regex, in: subject, &request)
            return true
        case .noMatch:
            request.context?.captures = Captures()
            return false
        case .limitReached:
            logError(
                .error, "\(named(regex, request)) hit its limit on \"\(subject.text)\"",
                request)
            return nil
        case .failed(let code):
            logError(
                .alert, "a regular expression failed on \"\(subject.text)\": \(code)",
                request)
            return nil
        }
    }

    /// Returns a regular expression with its location, for messages.
    private func named(_ regex: Int32, _ request: borrowing Request) -> String {
        "the regular expression \"\(plan.regexes[Int(regex)].pattern)\" in "
            + plan.text(ofLocation: request.location)
    }

    private mutating func holdsForFile(
        _ step: ScriptStep, quotes: Bool, _ request: inout Request
    ) -> Bool {
        var name = PathBuffer()
        let value = captured(step.left, escapes: quotes, &request)
        name.begin(
            withRoot: value.span,
            writtenParents: writtenParents(in: step.left, &request))
        if name.fault == 0, name.leavesRoot { name.fail(Errno.noEntry) }
        let found: FileStatus?
        switch name.fault != 0
            ? .failure(FileError(code: name.fault)) : fileStatus(of: name.terminated())
        {
        case .success(let fileStatus): found = fileStatus
        case .failure(let error):
            found = nil
            if !error.isMissing {
                logError(
                    .crit, "\(SystemError("stat()", "\"\(name.text)\"", code: error.code))",
                    request)
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

    private mutating func runReturn(
        _ step: ScriptStep, _ request: inout Request
    ) -> Outcome {
        let status = Int(step.index)
        guard status < 400 || step.rewrite.contains(.hasText) else { return .status(status) }
        // The text may use $status (ngx_http_send_response).
        request.status =
            request.errorStatus > 0 ? request.errorStatus : status
        let text = value(of: step.left, &request)
        if Status.isRedirect(status) {
            context(of: &request).target = text
            return .status(status)
        }
        return respondWithText(status, text, &request)
    }

    // MARK: rewrite

    private enum RewriteResult {
        case unmatched
        case continues
        case ended(Outcome)
    }

    private mutating func runRewrite(
        _ step: ScriptStep, _ request: inout Request
    ) -> RewriteResult {
        let subject = request.uri.span
        let path = subject.indices.map { subject[$0] }
        let logs = plan.locations[Int(request.location)].features
            .contains(.logsRewrites)
        switch plan.regexes[Int(step.regex)].matches(path.span) {
        case .match: break
        case .noMatch:
            request.context?.captures = Captures()
            if logs { logMatch(step, path, "does not match", request) }
            return .unmatched
        case .limitReached, .failed:
            logError(
                .error, "\(named(step.regex, request)) hit its limit on \"\(path.span.text)\"",
                request)
            return .ended(.status(500))
        }
        if logs { logMatch(step, path, "matches", request) }
        storeCaptures(of: step.regex, in: path.span, &request, always: true)
        if step.rewrite.contains(.redirects) { return redirect(step, &request) }
        return replace(step, &request)
    }

    private func logMatch(
        _ step: ScriptStep, _ path: [UInt8], _ verb: String, _ request: borrowing Request
    ) {
        let pattern = plan.regexes[Int(step.regex)].pattern
        logError(.notice, "\"\(pattern)\" \(verb) \"\(path.span.text)\"", request)
    }

    /// Redirects the client.
    private mutating func redirect(
        _ step: ScriptStep, _ request: inout Request
    ) -> RewriteResult {
        let text = captured(step.left, escapes: true, &request)
        var target = RedirectText.unescaped(text)
        let arguments = arguments(request)
        if step.rewrite.contains(.keepsArguments), !arguments.isEmpty {
            target.append(UInt8(ascii: step.rewrite.contains(.hasArguments) ? "&" : "?"))
            target += arguments
        }
        logRewritten("redirect", target, [], request)
        context(of: &request).target = target
        return .ended(.status(Int(step.index)))
    }

    /// Replaces the path.
    private mutating func replace(
        _ step: ScriptStep, _ request: inout Request
    ) -> RewriteResult {
        let path = captured(step.left, escapes: false, &request)
        let context = context(of: &request)
        if step.rewrite.contains(.hasArguments) {
            var query = captured(step.right, escapes: true, &request)
            let arguments = arguments(request)
            if step.rewrite.contains(.keepsArguments), !arguments.isEmpty {
                query.append(UInt8(ascii: "&"))
                query += arguments
            }
            context.args = query
        } else if !step.rewrite.contains(.keepsArguments) {
            context.args = []
        }
        logRewritten("data", path, arguments(request), request)
        guard !path.isEmpty else {
            logError(.error, "the rewritten URI has a zero length", request)
            return .ended(.status(500))
        }
        guard request.uri.replace(by: path.span) else { return .ended(.status(500)) }
        request.isInternal = true
        if step.rewrite.contains(.staysInLocation) {
            leaveLocation(&request)
        } else {
            request.isRewritten = true
        }
        return .continues
    }

    private func logRewritten(
        _ what: String, _ text: [UInt8], _ arguments: [UInt8], _ request: borrowing Request
    ) {
        let location = plan.locations[Int(request.location)]
        guard location.features.contains(.logsRewrites) else { return }
        let query = what == "data" ? ", args: \"\(arguments.span.text)\"" : ""
        logError(.notice, "rewritten \(what): \"\(text.span.text)\"\(query)", request)
    }

    /// Returns the current query.
    func arguments(_ request: borrowing Request) -> [UInt8] {
        if let args = request.context?.args { return args }
        let query = request.received.slice(request.parser.head.query)
        return query.indices.map { query[$0] }
    }

    /// Returns the value of a text in the script. With `escapes`, captures are escaped if the
    /// client's path had escapes, so that `%26` does not become `&` in a query or a Location
    /// (ngx_http_script_copy_capture_code: quoted_uri, plus_in_uri).
    private mutating func captured(
        _ template: Template, escapes: Bool, _ request: inout Request
    ) -> [UInt8] {
        guard escapes, template.names(.capture), hasEscapedPath(request) else {
            return value(of: template, &request)
        }
        return bytes { (worker, writer) in
            for index in 0..<template.pieces.count {
                let piece = template.pieces[index]
                if piece.variable == .capture {
                    if let group = request.context?.captures[Int(piece.index)] {
                        RequestTarget.escape(arguments: group.span, into: &writer)
                    }
                } else {
                    _ = worker.writeValue(of: piece, &request, into: &writer)
                }
            }
        }
    }
}

extension Worker {
    /// Returns true if the path that the client sent has an escape or a plus sign; false for a
    /// subrequest, whose path comes from the configuration.
    private func hasEscapedPath(_ request: borrowing Request) -> Bool {
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
