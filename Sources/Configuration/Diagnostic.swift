/// One error, warning or note about a configuration, with its place in the text.
public struct Diagnostic: Error, Hashable, Sendable {
    /// The severity: only an error prevents a configuration from being used.
    public enum Severity: String, Hashable, Sendable {
        case error, warning, note
    }

    /// A second place that explains the first ("it was first given here").
    public struct Related: Hashable, Sendable {
        /// The text about this place.
        public let message: String
        /// The place.
        public let place: Place
        /// The number of underlined bytes.
        public let length: Int
    }

    /// The severity.
    public var severity: Severity
    /// The message, one line, in nginx's words where nginx has it.
    public var message: String
    /// The place; nil if the message is about no place in the text, such as a file that cannot be
    /// read.
    public var place: Place?
    /// The number of underlined bytes; at least one is.
    public var length: Int
    /// Remedies, one line each.
    public var help: [String]
    /// Other places that explain this one.
    public var related: [Related] = []

    /// Creates a diagnostic about a range of the text.
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

    /// Creates an error about a range of the text.
    init(_ message: String, at place: Place, length: Int = 1, help: [String] = []) {
        self.init(.error, message, at: place, length: length, help: help)
    }

    /// Creates an error about a word.
    init(_ message: String, at word: Word, help: [String] = []) {
        self.init(.error, message, at: word.place, length: word.length, help: help)
    }

    /// Returns the diagnostic with one more place that explains it.
    public func relating(_ message: String, to place: Place, length: Int = 1) -> Diagnostic {
        var copy = self
        copy.related.append(Related(message: message, place: place, length: length))
        return copy
    }
}
