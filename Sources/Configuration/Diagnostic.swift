/// One thing that is wrong, or worth knowing, with the place it is about.
public struct Diagnostic: Error, Hashable, Sendable {
    /// How bad it is: only an error keeps a configuration from being used.
    public enum Severity: String, Hashable, Sendable {
        case error, warning, note
    }

    /// A second place that explains the first ("it was first given here").
    public struct Related: Hashable, Sendable {
        /// What stands there.
        public let message: String
        /// Where.
        public let place: Place
        /// How many bytes are underlined.
        public let length: Int
    }

    /// How bad it is.
    public var severity: Severity
    /// What is wrong, one line, in nginx's words where nginx has them.
    public var message: String
    /// Where; nil when it is about no place in the text (the file cannot be read).
    public var place: Place?
    /// How many bytes of the text are underlined; at least the first is.
    public var length: Int
    /// What to do about it, one line each.
    public var help: [String]
    /// Other places that explain this one.
    public var related: [Related] = []

    /// A diagnostic about a stretch of text.
    public init(
        _ severity: Severity, _ message: String, at place: Place?, length: Int = 1,
        help: [String] = []
    ) {
        self.severity = severity
        self.message = message
        self.place = place
        self.length = length
        self.help = help
    }

    /// An error about a stretch of text.
    init(_ message: String, at place: Place, length: Int = 1, help: [String] = []) {
        self.init(.error, message, at: place, length: length, help: help)
    }

    /// An error about a word.
    init(_ message: String, at word: Word, help: [String] = []) {
        self.init(.error, message, at: word.place, length: word.length, help: help)
    }

    /// The diagnostic with one more place that explains it.
    public func relating(_ message: String, to place: Place, length: Int = 1) -> Diagnostic {
        var copy = self
        copy.related.append(Related(message: message, place: place, length: length))
        return copy
    }
}
