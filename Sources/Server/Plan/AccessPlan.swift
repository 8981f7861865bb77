import Configuration

/// Access control of a location: settings that few locations have, in one place.
struct AccessPlan: BitwiseCopyable {
    /// The rules; nil without allow and deny.
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
    /// The directory that a relative path of the file starts from, with a trailing slash.
    let directory: PlanBytes
    /// The delay of a 401 response in milliseconds; 0 for none.
    let delayMs: Int64
}

/// secure_link, compiled.
struct SecureLinkPlan: BitwiseCopyable {
    /// The value to check; nil if no link is valid, because `hashed` is missing.
    let source: Template?
    let hashed: Template?
    /// The secret; empty for none.
    let secret: PlanBytes
}

/// valid_referers, compiled.
struct RefererPlan: BitwiseCopyable {
    /// Host names; the value of each is an index into `paths`, 0 for any path.
    let hosts: VirtualHosts
    let paths: PlanTable<PlanBytes>
    /// Regular expressions for the part after the scheme.
    let regexes: PlanTable<Int32>
    /// Regular expressions for hosts.
    let hostRegexes: PlanTable<Int32>
    let matchesNone: Bool
    let matchesBlocked: Bool
}

/// userid, compiled.
struct UserIDPlan: BitwiseCopyable {
    let mode: UserIDMode
    /// The service number; nil for the server's address.
    let service: UInt32?
    let name: PlanBytes
    /// `; domain=…`, or empty.
    let domain: PlanBytes
    /// `; path=…`
    let path: PlanBytes
    let lifetime: UserIDLifetime
    let flags: UserIDFlags
    /// The P3P field; empty for none.
    let p3p: PlanBytes
    /// The mark; 0 for none.
    let mark: UInt8
    /// $uid_reset
    let reset: Template
}

/// The settings that an access plan is compiled from; levels with the same settings share one.
struct AccessGroup: Hashable {
    var access: AccessSettings
    var authBasic: AuthBasicSettings
    var secureLink: SecureLinkSettings
    var referers: RefererSettings
    var userID: UserIDSettings
    /// The server names that `server_names` stands for.
    var serverNames: [Word] = []

    init(_ scope: LevelSettings, serverNames: [Word]) {
        access = scope.access
        authBasic = scope.authBasic
        secureLink = scope.secureLink
        referers = scope.referers
        userID = scope.userID
        if referers.matchesServerNames { self.serverNames = serverNames }
    }

    /// True if a password is required.
    var requiresPassword: Bool {
        authBasic.realm.map { $0.text != "off" } ?? false && authBasic.userFile != nil
    }

    var setsUserID: Bool { userID.mode == .on || userID.mode == .v1 }

    /// True if nothing is restricted.
    var isUnrestricted: Bool {
        access.rules == nil && !requiresPassword && secureLink == SecureLinkSettings()
            && referers.names == nil && (userID.mode ?? .off) == .off
    }
}
