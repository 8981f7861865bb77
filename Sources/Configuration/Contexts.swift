/// A set of contexts in which a directive is allowed.
public struct Contexts: OptionSet, Hashable, Sendable {
    /// One bit for each context.
    public let rawValue: UInt16

    /// The contexts whose bits are set.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Outside of every block.
    public static let main = Contexts(rawValue: 1)
    /// In `events { }`.
    public static let events = Contexts(rawValue: 2)
    /// In `http { }`.
    public static let http = Contexts(rawValue: 4)
    /// In `server { }`.
    public static let server = Contexts(rawValue: 8)
    /// In `location { }`.
    public static let location = Contexts(rawValue: 16)
    /// In `if { }` directly in a server.
    public static let ifInServer = Contexts(rawValue: 32)
    /// In `if { }` in a location.
    public static let ifInLocation = Contexts(rawValue: 64)
    /// In `limit_except { }`.
    public static let limitExcept = Contexts(rawValue: 128)

    /// In `upstream { }`.
    public static let upstream = Contexts(rawValue: 256)

    /// Everywhere.
    public static let any: Contexts = [
        .main, .events, .http, .server, .location, .ifInServer, .ifInLocation, .limitExcept,
        .upstream,
    ]
    /// The three levels that most settings are inherited along.
    public static let httpServerLocation: Contexts = [.http, .server, .location]

    /// The names of the contexts in the set, as the documentation writes them.
    public var names: [String] {
        let all: [(Contexts, String)] = [
            (.main, "main"), (.events, "events"), (.http, "http"), (.server, "server"),
            (.location, "location"), (.ifInServer, "if in server"),
            (.ifInLocation, "if in location"), (.limitExcept, "limit_except"),
            (.upstream, "upstream"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}
