import Configuration

/// Who may see what of a location: the settings that few locations have, in one place.
struct AccessPlan: BitwiseCopyable {
    /// nil without allow and deny.
    var rules: AccessRules?
    var satisfiesAny: Bool
    var auth: AuthBasicPlan?
    var secureLink: SecureLinkPlan?
    var referers: RefererPlan?
    var userID: UserIDPlan?
}

/// auth_basic, compiled.
struct AuthBasicPlan: BitwiseCopyable {
    let realm: Template
    let userFile: Template
    /// What a relative path of the file is relative to, with a slash at its end.
    let directory: PlanBytes
    /// How long an answer 401 is held back; 0 for not at all.
    let delayMs: Int64
}

/// secure_link, compiled.
struct SecureLinkPlan: BitwiseCopyable {
    /// Without `hashed` no link is good.
    let source: Template?
    let hashed: Template?
    /// Empty for none.
    let secret: PlanBytes
}

/// valid_referers, compiled.
struct RefererPlan: BitwiseCopyable {
    /// Hosts; what each stands for is which of `paths`, 0 for any path.
    let hosts: AddressPlan
    let paths: PlanTable<PlanBytes>
    /// Regular expressions for what follows the scheme.
    let regexes: PlanTable<Int32>
    /// Regular expressions for hosts.
    let hostRegexes: PlanTable<Int32>
    let takesNone: Bool
    let takesBlocked: Bool
}

/// userid, compiled.
struct UserIDPlan: BitwiseCopyable {
    let mode: UserIDMode
    /// nil for the server's address.
    let service: UInt32?
    let name: PlanBytes
    /// `; domain=…`, or empty.
    let domain: PlanBytes
    /// `; path=…`
    let path: PlanBytes
    let lifetime: UserIDLifetime
    let flags: UserIDFlags
    /// Empty for no field.
    let p3p: PlanBytes
    /// 0 for none.
    let mark: UInt8
    /// $uid_reset
    let reset: Template
}

/// What an access plan is made of; levels with the same share one.
struct AccessGroup: Hashable {
    var access: AccessSettings
    var authBasic: AuthBasicSettings
    var secureLink: SecureLinkSettings
    var referers: RefererSettings
    var userID: UserIDSettings
    /// Whose names `server_names` stands for.
    var serverNames: [Word] = []

    init(_ scope: Scope, serverNames: [Word]) {
        access = scope.access
        authBasic = scope.authBasic
        secureLink = scope.secureLink
        referers = scope.referers
        userID = scope.userID
        if referers.takesServerNames { self.serverNames = serverNames }
    }

    /// A password is asked for.
    var asksForPassword: Bool {
        authBasic.realm.map { $0.text != "off" } ?? false && authBasic.userFile != nil
    }

    var setsUserID: Bool { userID.mode == .on || userID.mode == .v1 }

    /// Nothing of it does anything.
    var isIdle: Bool {
        access.rules == nil && !asksForPassword && secureLink == SecureLinkSettings()
            && referers.names == nil && (userID.mode ?? .off) == .off
    }
}
