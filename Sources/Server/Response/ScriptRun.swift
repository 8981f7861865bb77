import Files
import HTTP
import Linux

/// Execution of a level's script (nginx's rewrite module).
extension Worker {
    /// Runs a script. Returns nil if the request continues.
    mutating func runScript(_ script: Int32, _ slot: Int, _ exchange: Int) -> Outcome? {
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
                let value = captured(step.left, escapes: quotes, slot, exchange)
                note(script, index, "\"\(value.span.text)\"")
                context(of: exchange).values[Int(step.index)] = .known(value)
            case .setArguments:
                let value = captured(step.left, escapes: quotes, slot, exchange)
                note(script, index, "\"\(value.span.text)\"")
                context(of: exchange).args = value
            case .setRate:
                setRate(step.left, slot, exchange)
                note(script, index, "done")
            case .test:
                guard
                    let isTrue = evaluateCondition(step, quotes: quotes, slot, exchange)
                else {
                    return .status(500)
                }
                note(script, index, isTrue ? "is true" : "is false")
                if !isTrue { index = Int(step.index) }
            case .enter: enterLocation(step.index, slot, exchange)
            case .respond:
                note(script, index, "responds with status \(step.index)")
                return runReturn(step, slot, exchange)
            case .stop:
                note(script, index, "stops rewriting")
                leaveLocation(exchange)
                return nil
            case .rewrite:
                switch runRewrite(step, slot, exchange) {
                case .unmatched: note(script, index, "does not match")
                case .continues:
                    quotes = false
                    note(script, index, "matches: \(pathAndQuery(slot, exchange))")
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

    private func pathAndQuery(_ slot: Int, _ exchange: Int) -> String {
        let query = arguments(slot, exchange)
        let path = uri.span(from: 0, to: uriCount).text
        return query.isEmpty ? path : "\(path)?\(query.span.text)"
    }

    /// Handles `break`: the request stays in its location, even if the path has changed.
    private mutating func leaveLocation(_ exchange: Int) {
        exchanges[exchange].isRewritten = false
        context(of: exchange).isOutsideAlias = true
    }

    // MARK: if

    /// Evaluates a condition. Returns nil if its regular expression hit its limit or failed.
    private mutating func evaluateCondition(
        _ step: ScriptStep, quotes: Bool, _ slot: Int, _ exchange: Int
    ) -> Bool? {
        switch step.condition {
        case .holds:
            let value = value(of: step.left, slot, exchange)
            return !value.isEmpty && value != [UInt8(ascii: "0")]
        case .equals, .differs:
            let left = value(of: step.left, slot, exchange)
            let right = captured(step.right, escapes: quotes, slot, exchange)
            return (left == right) == (step.condition == .equals)
        case .matches, .matchesNot:
            let subject = value(of: step.left, slot, exchange)
            guard let matches = matches(step.regex, subject.span, slot, exchange) else {
                return nil
            }
            return matches == (step.condition == .matches)
        default: return holdsForFile(step, quotes: quotes, slot, exchange)
        }
    }

    /// Matches a regular expression and stores its captures. Returns nil if it hit its limit, which
    /// is logged.
    private mutating func matches(
        _ regex: Int32, _ subject: Span<UInt8>, _ slot: Int, _ exchange: Int
    ) -> Bool? {
        switch plan.regexes[Int(regex)].matches(subject) {
        case .match:
            storeCaptures(of: regex, in: subject, exchange)
            return true
        case .noMatch:
            contextIfAny(exchange)?.captures = Captures()
            return false
        case .limitReached:
            logError(
                .error, "\(named(regex, exchange)) hit its limit on \"\(subject.text)\"", slot,
                exchange)
            return nil
        case .failed(let code):
            logError(
                .alert, "a regular expression failed on \"\(subject.text)\": \(code)", slot,
                exchange)
            return nil
        }
    }

    /// Returns a regular expression with its location, for messages.
    private func named(_ regex: Int32, _ exchange: Int) -> String {
        "the regular expression \"\(plan.regexes[Int(regex)].pattern)\" in "
            + plan.text(ofLocation: exchanges[exchange].location)
    }

    private mutating func holdsForFile(
        _ step: ScriptStep, quotes: Bool, _ slot: Int, _ exchange: Int
    ) -> Bool {
        var name = PathBuffer()
        let value = captured(step.left, escapes: quotes, slot, exchange)
        name.begin(
            withRoot: value.span,
            writtenParents: writtenParents(in: step.left, slot, exchange))
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
                    .crit, "\(SystemError("stat()", "\"\(name.text)\"", code: error.code))", slot,
                    exchange)
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
        _ step: ScriptStep, _ slot: Int, _ exchange: Int
    ) -> Outcome {
        let status = Int(step.index)
        guard status < 400 || step.rewrite.contains(.hasText) else { return .status(status) }
        // The text may use $status (ngx_http_send_response).
        exchanges[exchange].status =
            exchanges[exchange].errorStatus > 0 ? exchanges[exchange].errorStatus : status
        let text = value(of: step.left, slot, exchange)
        if Status.isRedirect(status) {
            context(of: exchange).target = text
            return .status(status)
        }
        return respondWithText(status, text, slot, exchange)
    }

    // MARK: rewrite

    private enum RewriteResult {
        case unmatched
        case continues
        case ended(Outcome)
    }

    private mutating func runRewrite(
        _ step: ScriptStep, _ slot: Int, _ exchange: Int
    ) -> RewriteResult {
        let subject = uri.span(from: 0, to: uriCount)
        let path = subject.indices.map { subject[$0] }
        let logs = plan.locations[Int(exchanges[exchange].location)].features
            .contains(.logsRewrites)
        switch plan.regexes[Int(step.regex)].matches(path.span) {
        case .match: break
        case .noMatch:
            contextIfAny(exchange)?.captures = Captures()
            if logs { logMatch(step, path, "does not match", slot, exchange) }
            return .unmatched
        case .limitReached, .failed:
            logError(
                .error, "\(named(step.regex, exchange)) hit its limit on \"\(path.span.text)\"",
                slot,
                exchange)
            return .ended(.status(500))
        }
        if logs { logMatch(step, path, "matches", slot, exchange) }
        storeCaptures(of: step.regex, in: path.span, exchange, always: true)
        if step.rewrite.contains(.redirects) { return redirect(step, slot, exchange) }
        return replace(step, slot, exchange)
    }

    private func logMatch(
        _ step: ScriptStep, _ path: [UInt8], _ verb: String, _ slot: Int, _ exchange: Int
    ) {
        let pattern = plan.regexes[Int(step.regex)].pattern
        logError(.notice, "\"\(pattern)\" \(verb) \"\(path.span.text)\"", slot, exchange)
    }

    /// Redirects the client.
    private mutating func redirect(
        _ step: ScriptStep, _ slot: Int, _ exchange: Int
    ) -> RewriteResult {
        let text = captured(step.left, escapes: true, slot, exchange)
        var target = RedirectText.unescaped(text)
        let arguments = arguments(slot, exchange)
        if step.rewrite.contains(.keepsArguments), !arguments.isEmpty {
            target.append(UInt8(ascii: step.rewrite.contains(.hasArguments) ? "&" : "?"))
            target += arguments
        }
        logRewritten("redirect", target, [], slot, exchange)
        context(of: exchange).target = target
        return .ended(.status(Int(step.index)))
    }

    /// Replaces the path.
    private mutating func replace(
        _ step: ScriptStep, _ slot: Int, _ exchange: Int
    ) -> RewriteResult {
        let path = captured(step.left, escapes: false, slot, exchange)
        let context = context(of: exchange)
        if step.rewrite.contains(.hasArguments) {
            var query = captured(step.right, escapes: true, slot, exchange)
            let arguments = arguments(slot, exchange)
            if step.rewrite.contains(.keepsArguments), !arguments.isEmpty {
                query.append(UInt8(ascii: "&"))
                query += arguments
            }
            context.args = query
        } else if !step.rewrite.contains(.keepsArguments) {
            context.args = []
        }
        logRewritten("data", path, arguments(slot, exchange), slot, exchange)
        guard !path.isEmpty else {
            logError(.error, "the rewritten URI has a zero length", slot, exchange)
            return .ended(.status(500))
        }
        guard setURI(path.span) else { return .ended(.status(500)) }
        exchanges[exchange].isInternal = true
        if step.rewrite.contains(.staysInLocation) {
            leaveLocation(exchange)
        } else {
            exchanges[exchange].isRewritten = true
        }
        return .continues
    }

    private func logRewritten(
        _ what: String, _ text: [UInt8], _ arguments: [UInt8], _ slot: Int, _ exchange: Int
    ) {
        let location = plan.locations[Int(exchanges[exchange].location)]
        guard location.features.contains(.logsRewrites) else { return }
        let query = what == "data" ? ", args: \"\(arguments.span.text)\"" : ""
        logError(.notice, "rewritten \(what): \"\(text.span.text)\"\(query)", slot, exchange)
    }

    /// Returns the current query.
    func arguments(_ slot: Int, _ exchange: Int) -> [UInt8] {
        if let args = contextIfAny(exchange)?.args { return args }
        let query = exchanges[exchange].received.slice(exchanges[exchange].parser.head.query)
        return query.indices.map { query[$0] }
    }

    /// Returns the value of a text in the script. With `escapes`, captures are escaped if the
    /// client's path had escapes, so that `%26` does not become `&` in a query or a Location
    /// (ngx_http_script_copy_capture_code: quoted_uri, plus_in_uri).
    private mutating func captured(
        _ template: Template, escapes: Bool, _ slot: Int, _ exchange: Int
    ) -> [UInt8] {
        guard escapes, template.names(.capture), hasEscapedPath(exchange) else {
            return value(of: template, slot, exchange)
        }
        return bytes { (worker, writer) in
            for index in 0..<template.pieces.count {
                let piece = template.pieces[index]
                if piece.variable == .capture {
                    if let group = worker.contextIfAny(exchange)?.captures[Int(piece.index)] {
                        RequestTarget.escape(arguments: group.span, into: &writer)
                    }
                } else {
                    _ = worker.writeValue(of: piece, slot, exchange, into: &writer)
                }
            }
        }
    }
}

extension Worker {
    /// Returns true if the path that the client sent has an escape or a plus sign; false for a
    /// subrequest, whose path comes from the configuration.
    private func hasEscapedPath(_ exchange: Int) -> Bool {
        guard !exchanges[exchange].isSubrequest else { return false }
        let raw = exchanges[exchange].received.slice(exchanges[exchange].parser.head.path)
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
