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

/// The result of an address or password check.
enum AccessVerdict {
    /// The check does not apply.
    case declined
    case allowed
    case refused(Int)
    /// The helper process was asked to verify the password.
    case waits
}

/// auth_basic (ngx_http_auth_basic_module).
enum AuthBasic {
    /// Returns the user and password of a request.
    static func credentials(_ request: borrowing Request) -> BasicCredentials? {
        guard let field = request.parser.head.field(.authorization) else { return nil }
        return BasicCredentials(authorization: request.received.slice(field))
    }

    static func passwordCheck(
        _ auth: AuthBasicPlan, _ request: inout Request, _ services: inout Services
    ) -> AccessVerdict {
        let realm = Variables.value(of: auth.realm, &request, &services)
        if realm.span.equals("off") { return .declined }
        guard let credentials = credentials(request) else {
            services.logError(
                .info, "no user/password was provided for basic authentication", request)
            return challenge(realm, &request, &services)
        }
        guard let path = userFile(auth, &request, &services) else { return .refused(403) }
        let text: [UInt8]
        do throws(PasswordFiles.Failure) {
            let nowMs = services.clock.seconds &* 1000 &+ services.clock.milliseconds
            text = try services.passwordState.files.text(of: path, nowMs: nowMs)
        } catch {
            let isMissing = error.code == Errno.noEntry && error.call == "open()"
            services.logError(
                isMissing ? .error : .crit,
                "\(SystemError(error.call, "\"\(path.span.text)\"", code: error.code))",
                request)
            return .refused(isMissing ? 403 : 500)
        }
        guard let place = PasswordFile.hash(of: credentials.user.span, in: text.span) else {
            services.logError(
                .error,
                "user \"\(credentials.user.span.text)\" was not found in \"\(path.span.text)\"",
                request)
            return challenge(realm, &request, &services)
        }
        switch check(credentials.password, Array(text[place]), &request, &services) {
        case .refused(401):
            services.logError(
                .error, "user \"\(credentials.user.span.text)\": password mismatch",
                request)
            return challenge(realm, &request, &services)
        case let verdict: return verdict
        }
    }

    /// Returns the path of the password file, relative to the configuration's directory; nil, with
    /// a log message, if a variable in it has a `..` segment.
    private static func userFile(
        _ auth: AuthBasicPlan, _ request: inout Request, _ services: inout Services
    ) -> [UInt8]? {
        let path = Variables.value(of: auth.userFile, &request, &services)
        guard
            path.span.parentSegments
                <= FilePaths.writtenParents(in: auth.userFile, &request, &services)
        else {
            services.logError(
                .crit, "the password file \"\(path.span.text)\" leads out of its directory",
                request)
            return nil
        }
        return path.first == UInt8(ascii: "/") ? path : Array(auth.directory) + path
    }

    private static func challenge(
        _ realm: [UInt8], _ request: inout Request, _ services: inout Services
    ) -> AccessVerdict {
        services.context(of: &request).passwordCheck.realms.append(realm)
        return .refused(401)
    }

    /// Verifies a password at once if that is fast or it was verified recently; otherwise requests
    /// it from the helper process.
    private static func check(
        _ password: [UInt8], _ hash: [UInt8], _ request: inout Request, _ services: inout Services
    ) -> AccessVerdict {
        guard PasswordHash.isSlow(hash.span), password.count <= PasswordHash.maxPasswordLength,
            hash.count <= PasswordHash.maxHashLength
        else { return checkHere(password, hash, &services) }
        let pair = services.passwordState.verified.pair(password.span, hash.span)
        if services.passwordState.verified.contains(pair, nowMs: services.clock.monotonicMs) {
            return .allowed
        }
        let context = services.context(of: &request)
        if let verdict = context.passwordCheck.verdict, verdict.pair == pair {
            // Without a verdict, for example because two helper processes died of it, the password
            // is not verified here.
            guard let isCorrect = verdict.isCorrect else {
                return services.helper.isOpen
                    ? .refused(500) : checkHere(password, hash, as: pair, &services)
            }
            return isCorrect ? .allowed : .refused(401)
        }
        guard services.helper.isOpen else { return checkHere(password, hash, as: pair, &services) }
        let waiter = HelperClient.Waiter(
            slot: request.slot, generation: services.connections[request.slot].generation)
        let isSubmitted = services.helper.submit(
            pair, hash: hash, password: password, for: waiter,
            of: WaitingClient(services.peers[request.slot]),
            nowMs: services.clock.monotonicMs)
        services.helperCheckMs = services.helper.nextCheckMs
        guard isSubmitted else {
            services.logError(
                .error, "too many password checks are pending: refusing the request",
                request)
            return .refused(503)
        }
        context.passwordCheck.waiter = waiter
        return .waits
    }

    private static func checkHere(
        _ password: [UInt8], _ hash: [UInt8], as pair: PasswordPair? = nil,
        _ services: inout Services
    ) -> AccessVerdict {
        guard PasswordHash.check(password.span, against: hash.span) == .match else {
            return .refused(401)
        }
        if let pair {
            services.passwordState.verified.remember(pair, nowMs: services.clock.monotonicMs)
        }
        return .allowed
    }

    // MARK: the helper process

    /// Cancels a password check at the end of a request or when its client disconnects.
    static func cancelPasswordCheck(_ request: inout Request, _ services: inout Services) {
        guard let context = request.context, let waiter = context.passwordCheck.waiter else {
            return
        }
        context.passwordCheck.waiter = nil
        services.helper.cancel(waiter)
    }
}
