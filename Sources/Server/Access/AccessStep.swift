import HTTP
import Linux
import Reactor

/// The access phase: allow and deny, then auth_basic; `satisfy` requires both or either.
extension Worker {
    /// Checks access. Returns nil if the request continues.
    mutating func access(
        _ request: inout Request, _ location: LocationPlan
    ) -> Outcome? {
        if let status = popDelayedStatus(request) { return .status(status) }
        let access = plan.accesses[Int(location.access)]
        var refusal = 0
        if let denies = access.rules?.denies(peers[request.slot]) {
            explanation?.note(
                "allow, deny: \(peers[request.slot].text) is \(denies ? "denied" : "allowed")")
            if denies {
                guard access.satisfiesAny else {
                    logError(.error, "access forbidden by rule", request)
                    return .status(403)
                }
                refusal = 403
            } else if access.satisfiesAny {
                return nil
            }
        }
        if let auth = access.auth {
            let passwordCheck = passwordCheck(auth, &request)
            explanation?.note("auth_basic: \(passwordCheck.text)")
            switch passwordCheck {
            case .declined: break
            case .waits: return .suspended
            case .allowed:
                if access.satisfiesAny {
                    request.context?.passwordCheck.realms = []
                    return nil
                }
            case .refused(let status):
                // A password that could not be verified is an error, not a refusal that satisfy
                // combines.
                guard access.satisfiesAny, status == 401 || status == 403 else {
                    return status == 401
                        ? refuseUnauthorized(auth, &request) : .status(status)
                }
                refusal = status == 401 || refusal == 0 ? status : refusal
            }
        }
        switch refusal {
        case 0: return nil
        case 403:
            logError(.error, "access forbidden by rule", request)
            return .status(403)
        default:
            return access.auth.map { refuseUnauthorized($0, &request) } ?? .status(refusal)
        }
    }

    /// Responds with 401, at once or after auth_delay.
    private mutating func refuseUnauthorized(
        _ auth: AuthBasicPlan, _ request: inout Request
    ) -> Outcome {
        guard auth.delayMs > 0 else { return .status(401) }
        logError(.info, "delaying unauthorized request", request)
        context(of: &request).passwordCheck.delayedStatus = 401
        timers.arm(request.slot, atMs: clock.monotonicMs &+ auth.delayMs)
        return .suspended
    }

    /// Returns the WWW-Authenticate fields of the response, each after a line end (RFC 7617). A
    /// request that was refused and redirected keeps them. Control characters, with which a
    /// variable could end the field, become spaces.
    func challenges(_ request: borrowing Request) -> [UInt8] {
        guard let realms = request.context?.passwordCheck.realms, !realms.isEmpty else {
            return []
        }
        var fields: [UInt8] = []
        for realm in realms {
            fields += Array("\r\nWWW-Authenticate: Basic realm=\"".utf8)
            fields += realm.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }
            fields.append(UInt8(ascii: "\""))
        }
        return fields
    }

    private func popDelayedStatus(_ request: borrowing Request) -> Int? {
        guard let context = request.context, context.passwordCheck.delayedStatus != 0 else {
            return nil
        }
        defer { context.passwordCheck.delayedStatus = 0 }
        return context.passwordCheck.delayedStatus
    }
}
