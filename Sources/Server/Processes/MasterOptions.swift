/// Options of a start that are not in its configuration.
public struct MasterOptions {
    /// The number of retries if an address is in use, half a second apart; nginx's four.
    public var bindRetries = 4
    /// The advice after the error if an address is in use.
    public var inUseAdvice: String?
    /// Whether the configuration's `pid` is written.
    public var writesPidFile = true
    /// True if HUP ends the server instead of reloading it: it belongs to a terminal.
    public var endsOnHangup = false
    /// A line that is written to stdout when the server listens.
    public var announcement: String?
    /// Default paths, and the default user of workers.
    public var paths = BuildPaths()

    /// Creates the options of nginx.
    public init() {}
}
