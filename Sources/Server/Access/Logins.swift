import Files
import HTTP
import Linux

/// The password files and verified passwords of a worker.
struct Logins {
    var files = PasswordFiles()
    var verified = VerifiedPasswords()
}

/// The state of a request's password check.
struct LoginState {
    /// The realms of the WWW-Authenticate fields: one for each time that the request was refused.
    var realms: [[UInt8]] = []
    /// The verdict of the helper process and the password that it is about; isRight is nil if it
    /// could not be verified.
    var judged: (pair: PasswordPair, isRight: Bool?)?
    /// The connection, while it waits for the helper process.
    var asker: AideLine.Asker?
    /// The status that auth_delay holds back; 0 for none.
    var heldStatus = 0
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
    func credentials(_ exchange: Int) -> BasicCredentials? {
        guard let field = exchanges[exchange].parser.head.field(.authorization) else { return nil }
        return BasicCredentials(authorization: exchanges[exchange].received.slice(field))
    }

    mutating func login(
        _ auth: AuthBasicPlan, _ slot: Int, _ exchange: Int
    ) -> AccessVerdict {
        let realm = value(of: auth.realm, slot, exchange)
        if realm.span.equals("off") { return .declined }
        guard let credentials = credentials(exchange) else {
            logError(
                .info, "no user/password was provided for basic authentication", slot, exchange)
            return challenge(realm, exchange)
        }
        guard let path = userFile(auth, slot, exchange) else { return .refused(403) }
        let text: [UInt8]
        do throws(PasswordFiles.Failure) {
            let nowMs = clock.seconds &* 1000 &+ clock.milliseconds
            text = try logins.files.text(of: path, nowMs: nowMs)
        } catch {
            let isMissing = error.code == Errno.noEntry && error.call == "open()"
            logError(
                isMissing ? .error : .crit,
                "\(SystemError(error.call, "\"\(path.span.text)\"", code: error.code))", slot,
                exchange)
            return .refused(isMissing ? 403 : 500)
        }
        guard let place = PasswordFile.hash(of: credentials.user.span, in: text.span) else {
            logError(
                .error,
                "user \"\(credentials.user.span.text)\" was not found in \"\(path.span.text)\"",
                slot, exchange)
            return challenge(realm, exchange)
        }
        switch check(credentials.password, Array(text[place]), slot, exchange) {
        case .refused(401):
            logError(
                .error, "user \"\(credentials.user.span.text)\": password mismatch", slot,
                exchange)
            return challenge(realm, exchange)
        case let verdict: return verdict
        }
    }

    /// Returns the path of the password file, relative to the configuration's directory; nil, with
    /// a log message, if a variable in it has a `..` segment.
    private mutating func userFile(
        _ auth: AuthBasicPlan, _ slot: Int, _ exchange: Int
    ) -> [UInt8]? {
        let path = value(of: auth.userFile, slot, exchange)
        guard path.span.parentSegments <= writtenParents(in: auth.userFile, slot, exchange) else {
            logError(
                .crit, "the password file \"\(path.span.text)\" leads out of its directory", slot,
                exchange)
            return nil
        }
        return path.first == UInt8(ascii: "/") ? path : Array(auth.directory) + path
    }

    private mutating func challenge(_ realm: [UInt8], _ exchange: Int) -> AccessVerdict {
        context(of: exchange).login.realms.append(realm)
        return .refused(401)
    }

    /// Verifies a password at once if that is fast or it was verified recently; otherwise requests
    /// it from the helper process.
    private mutating func check(
        _ password: [UInt8], _ hash: [UInt8], _ slot: Int, _ exchange: Int
    ) -> AccessVerdict {
        guard PasswordHash.isSlow(hash.span), password.count <= PasswordHash.longestPassword,
            hash.count <= PasswordHash.longestHash
        else { return checkHere(password, hash) }
        let pair = logins.verified.pair(password.span, hash.span)
        if logins.verified.contains(pair, nowMs: clock.monotonicMs) { return .allowed }
        let context = context(of: exchange)
        if let judged = context.login.judged, judged.pair == pair {
            // Without a verdict, for example because two helper processes died of it, the password
            // is not verified here.
            guard let isRight = judged.isRight else {
                return aide.isOpen ? .refused(500) : checkHere(password, hash, as: pair)
            }
            return isRight ? .allowed : .refused(401)
        }
        guard aide.isOpen else { return checkHere(password, hash, as: pair) }
        let asker = AideLine.Asker(slot: slot, generation: connections[slot].generation)
        let isAsked = aide.ask(
            pair, hash: hash, password: password, for: asker, of: WaitingClient(peers[slot]),
            nowMs: clock.monotonicMs)
        aideLookMs = aide.nextLookMs
        guard isAsked else {
            logError(
                .error, "too many password checks are pending: refusing the request", slot,
                exchange)
            return .refused(503)
        }
        context.login.asker = asker
        return .waits
    }

    private mutating func checkHere(
        _ password: [UInt8], _ hash: [UInt8], as pair: PasswordPair? = nil
    ) -> AccessVerdict {
        guard PasswordHash.check(password.span, against: hash.span) == .match else {
            return .refused(401)
        }
        if let pair { logins.verified.remember(pair, nowMs: clock.monotonicMs) }
        return .allowed
    }

    // MARK: the helper process

    /// Handles the verdict of the helper process; the requests that waited for it continue.
    mutating func takeVerdict(
        _ pair: PasswordPair, isRight: Bool?, _ askers: [AideLine.Asker]
    ) {
        if isRight == true { logins.verified.remember(pair, nowMs: clock.monotonicMs) }
        for asker in askers { goOn(asker, (pair: pair, isRight: isRight)) }
    }

    private mutating func goOn(
        _ asker: AideLine.Asker, _ judged: (pair: PasswordPair, isRight: Bool?)
    ) {
        guard connections[asker.slot].generation == asker.generation,
            connections[asker.slot].exchange != 0
        else { return }
        let exchange = Int(connections[asker.slot].exchange) &- 1
        guard let context = contextIfAny(exchange), context.login.asker == asker else { return }
        context.login.asker = nil
        context.login.judged = judged
        if judged.isRight == nil, aide.isOpen {
            logError(
                .crit,
                "cannot check a password: the helper process died or did not respond",
                asker.slot, exchange)
        }
        resume(asker.slot)
    }

    /// Cancels a password check at the end of a request or when its client disconnects.
    mutating func forgetLogin(_ exchange: Int) {
        guard let context = contextIfAny(exchange), let asker = context.login.asker else { return }
        context.login.asker = nil
        aide.cancel(asker)
    }
}
