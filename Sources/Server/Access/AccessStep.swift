import HTTP
import Linux
import Reactor

/// The access phase: allow and deny, then auth_basic; `satisfy` requires both or either.
enum Access: Step {
    static var cacheability: Cacheability { .perRequest }

    /// Checks access. Returns nil if the request continues.
    static func run(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        if let status = popDelayedStatus(request) { return .status(status) }
        let access = services.plan.accesses[Int(location.access)]
        var refusal = 0
        if let denies = access.rules?.denies(services.peers[request.slot]) {
            services.explanation?.note(
                "allow, deny: \(services.peers[request.slot].text) is "
                    + (denies ? "denied" : "allowed")
            )
            if denies {
                guard access.satisfiesAny else {
                    services.logError(.error, "access forbidden by rule", request)
                    return .status(403)
                }
                refusal = 403
            } else if access.satisfiesAny {
                return nil
            }
        }
        if let auth = access.auth {
            let passwordCheck = AuthBasic.passwordCheck(auth, &request, &services)
            services.explanation?.note("auth_basic: \(passwordCheck.text)")
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
                        ? refuseUnauthorized(auth, &request, &services) : .status(status)
                }
                refusal = status == 401 || refusal == 0 ? status : refusal
            }
        }
        switch refusal {
        case 0: return nil
        case 403:
            services.logError(.error, "access forbidden by rule", request)
            return .status(403)
        default:
            return access.auth.map { refuseUnauthorized($0, &request, &services) }
                ?? .status(refusal)
        }
    }

    /// Responds with 401, at once or after auth_delay.
    private static func refuseUnauthorized(
        _ auth: AuthBasicPlan, _ request: inout Request, _ services: inout Services
    ) -> PhaseOutcome {
        guard auth.delayMs > 0 else { return .status(401) }
        services.logError(.info, "delaying unauthorized request", request)
        services.context(of: &request).passwordCheck.delayedStatus = 401
        services.timers.arm(request.slot, atMs: services.clock.monotonicMs &+ auth.delayMs)
        return .suspended
    }

    /// Returns the WWW-Authenticate fields of the response, each after a line end (RFC 7617). A
    /// request that was refused and redirected keeps them. Control characters, with which a
    /// variable could end the field, become spaces.
    static func challenges(_ request: borrowing Request) -> [UInt8] {
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

    private static func popDelayedStatus(_ request: borrowing Request) -> Int? {
        guard let context = request.context, context.passwordCheck.delayedStatus != 0 else {
            return nil
        }
        defer { context.passwordCheck.delayedStatus = 0 }
        return context.passwordCheck.delayedStatus
    }
}
