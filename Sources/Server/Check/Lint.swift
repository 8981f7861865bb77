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
            "an alias with a trailing slash in a location without one: /name../ leaves the alias"
        case .missingRoot: "a root or an alias that does not exist"
        case .unreadableRoot: "a root or an alias that the workers' user cannot read"
        case .unreachableLocation: "a location that no request reaches"
        case .unreachableStep: "a directive after a return, which never runs"
        case .lostHeader: "an add_header that drops those of the level around it"
        case .slowRegex: "a regular expression that can take exponential time"
        case .ifFile: "an if that tests for a file; try_files is the safe way"
        case .gzipType: "a media type in gzip_types that is already compressed"
        case .defaultType: "a common suffix without a media type"
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
