/// What a start may vary beyond its configuration.
public struct MasterOptions {
    /// How often an address in use is tried again, half a second apart; nginx's four.
    public var bindRetries = 4
    /// Said after the error when an address is in use.
    public var inUseAdvice: String?
    /// Whether the configuration's `pid` is written.
    public var writesPidFile = true
    /// HUP ends the server instead of reloading it: it belongs to a terminal.
    public var endsOnHangup = false
    /// Written to stdout with a line end when the server listens.
    public var announcement: String?
    /// Whom workers run as when nobody is named, among others.
    public var paths = BuildPaths()

    /// As nginx starts.
    public init() {}
}
