import Linux

/// Whom workers run as.
public struct Identity: Equatable, Sendable {
    /// uid.
    public let user: UInt32
    /// gid.
    public let group: UInt32
    /// All groups, `group` first: what initgroups(3) would set.
    public let groups: [UInt32]
}

/// A name that is in neither file.
public enum IdentityError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not in /etc/passwd.
    case unknownUser(String)
    /// Not in /etc/group.
    case unknownGroup(String)

    /// `user "x" is not in /etc/passwd`.
    public var description: String {
        switch self {
        case .unknownUser(let name): "user \"\(name)\" is not in /etc/passwd"
        case .unknownGroup(let name): "group \"\(name)\" is not in /etc/group"
        }
    }
}

extension Identity {
    /// The user and group that Linux itself calls nobody (the overflow id of user_namespaces(7)).
    static let nobody = Identity(user: 65534, group: 65534, groups: [65534])

    /// Whom the workers of a configuration run as; nil when this process is not root, and they stay
    /// what it is.
    static func ofWorkers(
        _ settings: MainSettings, _ paths: BuildPaths
    ) throws(IdentityError) -> Identity? {
        guard isSuperuser() else { return nil }
        guard let name = settings.userName else {
            // Nobody was named: a container without /etc/passwd has the number all the same.
            return (try? Identity.find(user: paths.user, group: nil)) ?? .nobody
        }
        return try Identity.find(user: name, group: settings.groupName)
    }

    /// Finds `user` and `group`, names or numbers, in the texts of passwd(5) and group(5): by hand,
    /// because a static binary has no name service.
    ///
    /// Without a `group` nginx takes the one with the user's name; where there is none, this takes
    /// the user's own group.
    public static func find(
        user: String, group: String?, passwd: String, groups text: String
    ) throws(IdentityError) -> Identity {
        let entries = records(of: text, fieldCount: 4)
        let account = records(of: passwd, fieldCount: 4).first { names($0, user, numberAt: 2) }
        guard let uid = account.flatMap({ UInt32($0[2]) }) ?? UInt32(user) else {
            throw .unknownUser(user)
        }
        let name = account.map { String($0[0]) } ?? user
        let gid: UInt32
        if let group {
            let entry = entries.first { names($0, group, numberAt: 2) }
            guard let number = entry.flatMap({ UInt32($0[2]) }) ?? UInt32(group) else {
                throw .unknownGroup(group)
            }
            gid = number
        } else {
            let namesake = entries.first { $0[0] == name }.flatMap { UInt32($0[2]) }
            gid = namesake ?? account.flatMap { UInt32($0[3]) } ?? uid
        }
        let others = entries.filter { $0[3].split(separator: ",").contains(Substring(name)) }
            .compactMap { UInt32($0[2]) }.filter { $0 != gid }
        return Identity(user: uid, group: gid, groups: [gid] + others)
    }

    /// Reads /etc/passwd and /etc/group; a file that cannot be read is an empty one, so that
    /// numbers work in a container without them.
    public static func find(user: String, group: String?) throws(IdentityError) -> Identity {
        func text(_ path: String) -> String {
            String(decoding: (try? readWholeFile(path)) ?? [], as: UTF8.self)
        }
        return try find(
            user: user, group: group, passwd: text("/etc/passwd"), groups: text("/etc/group"))
    }

    /// Lines with at least `fieldCount` fields.
    private static func records(of text: String, fieldCount: Int) -> [[Substring]] {
        text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: ":", omittingEmptySubsequences: false) }
            .filter { $0.count >= fieldCount }
    }

    /// A number is looked up too: its name decides the groups.
    private static func names(_ record: [Substring], _ name: String, numberAt index: Int) -> Bool {
        if record[0] == name { return true }
        guard let number = UInt32(name) else { return false }
        return UInt32(record[index]) == number
    }
}
