import Configuration

/// A check for something that is allowed but probably a mistake. It can be silenced by its name.
public enum Lint: String, CaseIterable, Sendable {
    case aliasSlash = "alias-slash"
    case missingRoot = "missing-root"
    case unreadableRoot = "unreadable-root"
    case unreachableLocation = "unreachable-location"
    case unreachableStep = "unreachable-step"
    case lostHeader = "lost-header"
    case slowRegex = "slow-regex"
    case ifFile = "if-file"
    case gzipType = "gzip-type"
    case defaultType = "default-type"
    case idle = "idle"

    /// A description in one line.
    public var summary: String {
        switch self {
        case .aliasSlash:
            "an alias that ends in a slash behind a location that does not: /name../ leaves it"
        case .missingRoot: "a root or an alias that is not there"
        case .unreadableRoot: "a root or an alias that the workers' user cannot read"
        case .unreachableLocation: "a location that no request gets to"
        case .unreachableStep: "a step that stands behind a return"
        case .lostHeader: "an add_header whose outer ones do not hold here any more"
        case .slowRegex: "a regular expression that can take very long"
        case .ifFile: "an if that asks for a file, where try_files is meant"
        case .gzipType: "a media type that is compressed already"
        case .defaultType: "a common suffix that no type is set for"
        case .idle: "a directive that is accepted and has no effect here"
        }
    }
}

/// A finding of a lint.
public struct Finding: Sendable {
    /// The lint.
    public let lint: Lint
    /// The diagnostic.
    public let diagnostic: Diagnostic
}
