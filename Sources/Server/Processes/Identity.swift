import Linux

/// The user and groups that workers run as.
public struct Identity: Equatable, Sendable {
    /// The user ID.
    public let user: UInt32
    /// The group ID.
    public let group: UInt32
    /// All group IDs, `group` first, as initgroups(3) would set them.
    public let groups: [UInt32]
}

/// A name that is in neither file.
public enum IdentityError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A user that is not in /etc/passwd.
    case unknownUser(String)
    /// A group that is not in /etc/group.
    case unknownGroup(String)

    /// The message: `user "x" is not in /etc/passwd`.
    public var description: String {
        switch self {
        case .unknownUser(let name): "user \"\(name)\" is not in /etc/passwd"
        case .unknownGroup(let name): "group \"\(name)\" is not in /etc/group"
        }
    }
}

extension Identity {
    /// The user and group without rights: the overflow IDs of user_namespaces(7).
    static let nobody = Identity(user: 65534, group: 65534, groups: [65534])

    /// Returns the identity of a configuration's workers; nil if this process is not root, so that
    /// it stays the same.
    static func ofWorkers(
        _ settings: MainSettings, _ paths: BuildPaths
    ) throws(IdentityError) -> Identity? {
        guard isSuperuser() else { return nil }
        guard let name = settings.userName else {
            // No user is configured: a container without /etc/passwd has the number nevertheless.
            return (try? Identity.find(user: paths.user, group: nil)) ?? .nobody
        }
        return try Identity.find(user: name, group: settings.groupName)
    }

    /// Finds `user` and `group`, names or numbers, in the texts of passwd(5) and group(5): parsed
    /// here, because a static binary has no name service.
    ///
    /// Without a `group` nginx uses the one with the user's name; if there is none, this uses the
    /// user's own group.
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

    /// Reads /etc/passwd and /etc/group; a file that cannot be read counts as empty, so that
    /// numbers work in a container without them.
    public static func find(user: String, group: String?) throws(IdentityError) -> Identity {
        func text(_ path: String) -> String {
            String(decoding: (try? readWholeFile(path)) ?? [], as: UTF8.self)
        }
        return try find(
            user: user, group: group, passwd: text("/etc/passwd"), groups: text("/etc/group"))
    }

    /// Returns the lines with at least `fieldCount` fields.
    private static func records(of text: String, fieldCount: Int) -> [[Substring]] {
        text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: ":", omittingEmptySubsequences: false) }
            .filter { $0.count >= fieldCount }
    }

    /// Returns true if a record has this name or number. A number is looked up as well, because the
    /// name determines the groups.
    private static func names(_ record: [Substring], _ name: String, numberAt index: Int) -> Bool {
        if record[0] == name { return true }
        guard let number = UInt32(name) else { return false }
        return UInt32(record[index]) == number
    }
}
