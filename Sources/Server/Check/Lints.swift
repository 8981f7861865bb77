import Configuration
import Linux

/// Checks that roots exist and that the workers' user can read them.
struct RootLint {
    let paths: Paths
    /// The user of workers; nil if they have the caller's own rights.
    let identity: Identity?

    func findings(_ path: BlockPath) -> [Finding] {
        guard path.name == "root" || path.name == "alias",
            let word = path.directive.arguments.first,
            !word.bytes.contains(UInt8(ascii: "$"))
        else { return [] }
        let name = paths.absolute(word.text)
        switch firstAccessProblem(name) {
        case .none: return []
        case .missing(let part):
            return [path.finding(.missingRoot, "\"\(part)\" does not exist", at: 0)]
        case .closed(let part):
            return [
                path.finding(
                    .unreadableRoot,
                    "the workers cannot read this: they have no permission for "
                        + "\"\(part)\"",
                    at: 0, help: ["chmod o+x on the directories gives them access"])
            ]
        }
    }

    private enum AccessProblem {
        case none
        case missing(String)
        case closed(String)
    }

    /// Checks each directory from `/` to the directory itself.
    private func firstAccessProblem(_ name: String) -> AccessProblem {
        var ends = name.indices.filter { name[$0] == "/" && $0 != name.startIndex }
        ends.append(name.endIndex)
        for end in ends {
            let part = String(name[..<end])
            let found = unsafe part.withCString { unsafe fileStatus(of: CPath(unsafe: $0)) }
            switch found {
            case .failure(let error): return error.isMissing ? .missing(part) : .closed(part)
            case .success(let fileStatus):
                let isLast = end == name.endIndex
                if !allows(fileStatus, reading: isLast && fileStatus.kind != .directory) {
                    return .closed(part)
                }
            }
        }
        return .none
    }

    /// Returns true if the user may search a directory, or read a file.
    private func allows(_ fileStatus: FileStatus, reading: Bool) -> Bool {
        guard let identity, identity.user != 0 else { return true }
        let bit: UInt32 = reading ? 0o4 : 0o1
        if fileStatus.owner == identity.user { return fileStatus.mode & (bit << 6) != 0 }
        if identity.groups.contains(fileStatus.group) { return fileStatus.mode & (bit << 3) != 0 }
        return fileStatus.mode & bit != 0
    }
}

/// Lints about media types.
enum TypeLints {
    static func findings(_ path: BlockPath) -> [Finding] {
        switch path.name {
        case "gzip_types": compressed(path)
        case "types": missing(path)
        default: []
        }
    }

    private static func compressed(_ path: BlockPath) -> [Finding] {
        path.directive.arguments.indices.compactMap { index in
            let type = path.directive.arguments[index].text
            guard isCompressed(type) else { return nil }
            return path.finding(
                .gzipType, "\(type) is compressed already", at: index,
                help: ["gzip makes such files larger, and costs time"])
        }
    }

    private static func isCompressed(_ type: String) -> Bool {
        if type.hasPrefix("video/") || type.hasPrefix("audio/") { return true }
        if type.hasPrefix("image/") {
            return ![
                "image/svg+xml", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon",
                "image/x-ms-bmp",
            ].contains(type)
        }
        return [
            "application/zip", "application/gzip", "application/x-gzip", "application/zstd",
            "application/x-7z-compressed", "application/x-rar-compressed", "font/woff",
            "font/woff2", "application/font-woff", "application/font-woff2", "application/x-xz",
            "application/pdf",
        ].contains(type)
    }

    /// Suffixes that nearly every site has; with a table that lacks one of them, such files get the
    /// default type. An empty table is intended.
    private static let common = ["html", "css", "js", "mjs", "svg", "png", "jpg", "woff2", "wasm"]

    private static func missing(_ path: BlockPath) -> [Finding] {
        let rows = path.directive.block ?? []
        guard rows.count > 10 else { return [] }
        let known = Set(rows.flatMap { $0.arguments.map(\.text) })
        let missing = common.filter { !known.contains($0) }
        guard !missing.isEmpty else { return [] }
        return [
            path.finding(
                .defaultType,
                "no type for \(missing.map { "." + $0 }.joined(separator: ", "))",
                help: ["files of these names are sent with the default_type"])
        ]
    }
}

/// Finds regular expressions that can take exponential time: a repeated group that itself ends in a
/// repetition, as in `(a+)+`.
enum RegexLint {
    static func findings(_ path: BlockPath) -> [Finding] {
        for (index, pattern) in patterns(path.directive) where isSlow(pattern) {
            return [
                path.finding(
                    .slowRegex, "this regular expression can take exponential time", at: index,
                    help: [
                        "a repeated group contains a repetition; requests that hit the match limit "
                            + "get status 500"
                    ])
            ]
        }
        return []
    }

    /// Returns the arguments of a directive that are patterns.
    private static func patterns(_ directive: Directive) -> [(Int, [UInt8])] {
        let words = directive.arguments
        switch directive.name.text {
        case "location":
            let (modifier, name) = directive.locationName
            return modifier.hasPrefix("~") ? [(words.count - 1, Array(name.utf8))] : []
        case "rewrite": return words.first.map { [(0, $0.bytes)] } ?? []
        case "server_name":
            return words.indices.filter { words[$0].bytes.first == UInt8(ascii: "~") }
                .map { ($0, Array(words[$0].bytes.dropFirst())) }
        case "if":
            guard words.count == 3, words[1].bytes.contains(UInt8(ascii: "~")) else { return [] }
            return [(2, words[2].bytes)]
        default: return []
        }
    }

    /// Returns true if a pattern has such a group. Walks groups and quantifiers, and skips classes
    /// and escapes.
    static func isSlow(_ pattern: [UInt8]) -> Bool {
        // For each open group: whether its content repeats without bound.
        var groups: [Bool] = [false]
        var index = 0
        var closed: Bool?
        while index < pattern.count {
            let byte = pattern[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\\"):
                index += 1
                closed = nil
            case UInt8(ascii: "["):
                index = endOfClass(pattern, from: index)
                closed = nil
            case UInt8(ascii: "("):
                groups.append(false)
                closed = nil
            case UInt8(ascii: ")"):
                let inner = groups.count > 1 ? groups.removeLast() : false
                closed = inner
                if inner { groups[groups.count - 1] = true }
            case UInt8(ascii: "*"), UInt8(ascii: "+"):
                if closed == true, !isPossessive(pattern, index) { return true }
                groups[groups.count - 1] = true
                closed = nil
            default: closed = nil
            }
        }
        return false
    }

    private static func isPossessive(_ pattern: [UInt8], _ index: Int) -> Bool {
        index < pattern.count && pattern[index] == UInt8(ascii: "+")
    }

    private static func endOfClass(_ pattern: [UInt8], from start: Int) -> Int {
        var index = start
        // A bracket at the first position belongs to the class.
        if index < pattern.count, pattern[index] == UInt8(ascii: "^") { index += 1 }
        if index < pattern.count, pattern[index] == UInt8(ascii: "]") { index += 1 }
        while index < pattern.count, pattern[index] != UInt8(ascii: "]") {
            index += pattern[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return index + 1
    }
}

/// Finds directives that are accepted and ignored.
enum IgnoredDirectiveLint {
    static func findings(_ path: BlockPath) -> [Finding] {
        let rows = DirectiveList.table.rows(named: path.name)
        guard !rows.isEmpty, rows.allSatisfy({ $0.kind == .ignored }) else { return [] }
        return [path.finding(.ignoredDirective, "\"\(path.name)\" has no effect in a file server")]
    }
}
