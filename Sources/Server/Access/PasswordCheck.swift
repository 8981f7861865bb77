import Files
import HTTP
import Linux

/// The password files and verified passwords of a worker.
struct PasswordState {
    var files = PasswordFiles()
    var verified = VerifiedPasswords()
}

/// The state of a request's password check.
struct PasswordCheck {
    /// The realms of the WWW-Authenticate fields: one for each time that the request was refused.
    var realms: [[UInt8]] = []
    /// The verdict of the helper process and the password that it is about; isCorrect is nil if it
    /// could not be verified.
    var verdict: (pair: PasswordPair, isCorrect: Bool?)?
    /// The connection, while it waits for the helper process.
    var waiter: HelperClient.Waiter?
    /// The status that auth_delay holds back; 0 for none.
    var delayedStatus = 0
}

/// auth_basic (ngx_http_auth_basic_module).
extension Worker {
    /// The result of an address or password check.
    enum AccessVerdict {
        /// The check does not apply.
        case declined
        case allowed
        case refused(Int)
        /// The helper process was asked to verify the password.
        case waits
    }

    /// Returns the user and password of a request.
    func credentials(_ request: borrowing Request) -> BasicCredentials? {
        guard let field = request.parser.head.field(.authorization) else { return nil }
        return BasicCredentials(authorization: request.received.slice(field))
    }

    mutating func passwordCheck(
        _ auth: AuthBasicPlan, _ request: inout Request
    ) -> AccessVerdict {
        let realm = value(of: auth.realm, &request)
        if realm.span.equals("off") { return .declined }
        guard let credentials = credentials(request) else {
            logError(
                .info, "no user/password was provided for basic authentication", request)
            return challenge(realm, &request)
        }
        guard let path = userFile(auth, &request) else { return .refused(403) }
        let text: [UInt8]
        do throws(PasswordFiles.Failure) {
            let nowMs = clock.seconds &* 1000 &+ clock.milliseconds
            text = try passwordState.files.text(of: path, nowMs: nowMs)
        } catch {
            let isMissing = error.code == Errno.noEntry && error.call == "open()"
            logError(
                isMissing ? .error : .crit,
                "\(SystemError(error.call, "\"\(path.span.text)\"", code: error.code))",
                request)
            return .refused(isMissing ? 403 : 500)
        }
        guard let place = PasswordFile.hash(of: credentials.user.span, in: text.span) else {
            logError(
                .error,
                "user \"\(credentials.user.span.text)\" was not found in \"\(path.span.text)\"",
                request)
            return challenge(realm, &request)
        }
        switch check(credentials.password, Array(text[place]), &request) {
        case .refused(401):
            logError(
                .error, "user \"\(credentials.user.span.text)\": password mismatch",
                request)
            return challenge(realm, &request)
        case let verdict: return verdict
        }
    }

    /// Returns the path of the password file, relative to the configuration's directory; nil, with
    /// a log message, if a variable in it has a `..` segment.
    private mutating func userFile(
        _ auth: AuthBasicPlan, _ request: inout Request
    ) -> [UInt8]? {
        let path = value(of: auth.userFile, &request)
        guard path.span.parentSegments <= writtenParents(in: auth.userFile, &request) else {
            logError(
                .crit, "the password file \"\(path.span.text)\" leads out of its directory",
                request)
            return nil
        }
        return path.first == UInt8(ascii: "/") ? path : Array(auth.directory) + path
    }

    private mutating func challenge(_ realm: [UInt8], _ request: inout Request) -> AccessVerdict {
        context(of: &request).passwordCheck.realms.append(realm)
        return .refused(401)
    }

    /// Verifies a password at once if that is fast or it was verified recently; otherwise requests
    /// it from the helper process.
    private mutating func check(
        _ password: [UInt8], _ hash: [UInt8], _ request: inout Request
    ) -> AccessVerdict {
        guard PasswordHash.isSlow(hash.span), password.count <= PasswordHash.maxPasswordLength,
            hash.count <= PasswordHash.maxHashLength
        else { return checkHere(password, hash) }
        let pair = passwordState.verified.pair(password.span, hash.span)
        if passwordState.verified.contains(pair, nowMs: clock.monotonicMs) { return .allowed }
        let context = context(of: &request)
        if let verdict = context.passwordCheck.verdict, verdict.pair == pair {
            // Without a verdict, for example because two helper processes died of it, the password
            // is not verified here.
            guard let isCorrect = verdict.isCorrect else {
                return helper.isOpen ? .refused(500) : checkHere(password, hash, as: pair)
            }
            return isCorrect ? .allowed : .refused(401)
        }
        guard helper.isOpen else { return checkHere(password, hash, as: pair) }
        let waiter = HelperClient.Waiter(
            slot: request.slot, generation: connections[request.slot].generation)
        let isSubmitted = helper.submit(
            pair, hash: hash, password: password, for: waiter,
            of: WaitingClient(peers[request.slot]),
            nowMs: clock.monotonicMs)
        helperCheckMs = helper.nextCheckMs
        guard isSubmitted else {
            logError(
                .error, "too many password checks are pending: refusing the request",
                request)
            return .refused(503)
        }
        context.passwordCheck.waiter = waiter
        return .waits
    }

    private mutating func checkHere(
        _ password: [UInt8], _ hash: [UInt8], as pair: PasswordPair? = nil
    ) -> AccessVerdict {
        guard PasswordHash.check(password.span, against: hash.span) == .match else {
            return .refused(401)
        }
        if let pair { passwordState.verified.remember(pair, nowMs: clock.monotonicMs) }
        return .allowed
    }

    // MARK: the helper process

    /// Handles the verdict of the helper process; the requests that waited for it continue.
    mutating func applyVerdict(
        _ pair: PasswordPair, isCorrect: Bool?, _ waiters: [HelperClient.Waiter]
    ) {
        if isCorrect == true { passwordState.verified.remember(pair, nowMs: clock.monotonicMs) }
        for waiter in waiters { resumeAfterCheck(waiter, (pair: pair, isCorrect: isCorrect)) }
    }

    private mutating func resumeAfterCheck(
        _ waiter: HelperClient.Waiter, _ reply: (pair: PasswordPair, isCorrect: Bool?)
    ) {
        guard connections[waiter.slot].generation == waiter.generation,
            connections[waiter.slot].request != 0
        else { return }
        let index = Int(connections[waiter.slot].request) &- 1
        guard let context = requests[index].context, context.passwordCheck.waiter == waiter else {
            return
        }
        context.passwordCheck.waiter = nil
        context.passwordCheck.verdict = reply
        if reply.isCorrect == nil, helper.isOpen {
            logError(
                .crit,
                "cannot check a password: the helper process died or did not respond",
                requests[index])
        }
        resume(waiter.slot)
    }

    /// Cancels a password check at the end of a request or when its client disconnects.
    mutating func cancelPasswordCheck(_ request: inout Request) {
        guard let context = request.context, let waiter = context.passwordCheck.waiter else {
            return
        }
        context.passwordCheck.waiter = nil
        helper.cancel(waiter)
    }
}
