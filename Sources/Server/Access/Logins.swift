import Files
import HTTP
import Linux

/// What a worker knows of passwords.
struct Logins {
    var files = PasswordFiles()
    var verified = VerifiedPasswords()
}

/// What came of asking a request for a password.
struct LoginState {
    /// The realms of the WWW-Authenticate fields: one for each time that the request was refused.
    var realms: [[UInt8]] = []
    /// What the Aide has said, and of which password; nil where it cannot be asked.
    var judged: (pair: PasswordPair, isRight: Bool?)?
    /// The connection, while the Aide is being asked for it.
    var asker: AideLine.Asker?
    /// The status that is held back by auth_delay; 0 for none.
    var heldStatus = 0
}

/// auth_basic (ngx_http_auth_basic_module).
extension Worker {
    /// What a check of address or password came to.
    enum AccessVerdict {
        /// It has nothing to say.
        case declined
        case allowed
        case refused(Int)
        /// The Aide was asked.
        case waits
    }

    /// User and password of a request.
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

    /// The password file's path, relative to the configuration's directory; nil for one in which
    /// a variable has a `..` segment, which is logged.
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

    /// Checks at once what is quick, and what was found right a while ago; asks the Aide about the
    /// rest.
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
            // Nobody said: where the Aide has died of it twice it is not tried here.
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
                .error, "too many passwords wait to be checked: refusing the request", slot,
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

    // MARK: the Aide

    /// Takes the Aide's word of a password; who waited for it goes on.
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
                "a password could not be checked: the helper process died or did not respond",
                asker.slot, exchange)
        }
        resume(asker.slot)
    }

    /// The request is over, or its client has gone.
    mutating func forgetLogin(_ exchange: Int) {
        guard let context = contextIfAny(exchange), let asker = context.login.asker else { return }
        context.login.asker = nil
        aide.cancel(asker)
    }
}
