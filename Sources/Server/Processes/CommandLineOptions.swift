import Linux

/// The options of the server on the command line: nginx's.
public struct CommandLineOptions: Equatable, Sendable {
    /// `-v`; also set by `-V` and `-h`.
    public var showsVersion = false
    /// `-V`.
    public var showsBuild = false
    /// `-h`, `-?`.
    public var showsUsage = false
    /// `-t`; also set by `-T`.
    public var tests = false
    /// `-T`.
    public var dumps = false
    /// `-q`.
    public var isQuiet = false
    /// `-s`.
    public var order: Order?
    /// `-c`, as written.
    public var configuration: String?
    /// `-p`, as written.
    public var prefix: String?
    /// `-e`, as written.
    public var errorLog: String?
    /// `-g`.
    public var globals: String?

    /// The argument of `-s`.
    public enum Order: String, CaseIterable, Sendable {
        case stop, quit, reopen, reload

        /// The signal that is sent.
        public var signal: Signal {
            switch self {
            case .stop: .terminate
            case .quit: .quit
            case .reopen: .user1
            case .reload: .hangup
            }
        }
    }

    /// Creates options without any set.
    public init() {}

    /// Parses a command line; `arguments` begin with the program's name.
    public static func parse(
        _ arguments: [String]
    ) throws(CommandLineError) -> CommandLineOptions {
        var options = CommandLineOptions()
        for word in OptionReader.words(arguments, .server) { try options.take(word) }
        return options
    }

    mutating func take(_ word: CommandLineWord) throws(CommandLineError) {
        switch word {
        case .unknown("?"), .option("h", _):
            showsUsage = true
            showsVersion = true
        case .unknown(let name), .operand(let name): throw .invalid(name)
        case .missingArgument(let letter): throw .requires(letter, CommandLineOptions.noun(letter))
        case .option(let letter, let argument): try take(letter, argument ?? "")
        }
    }

    private mutating func take(
        _ letter: Character, _ argument: String
    ) throws(CommandLineError) {
        switch letter {
        case "v": showsVersion = true
        case "V":
            showsVersion = true
            showsBuild = true
        case "t": tests = true
        case "T":
            tests = true
            dumps = true
        case "q": isQuiet = true
        case "g": globals = argument
        case "s":
            guard let order = Order(rawValue: argument) else { throw .invalid("-s \(argument)") }
            self.order = order
        default:
            // An empty name counts as missing, as in nginx.
            if argument.isEmpty { throw .requires(letter, CommandLineOptions.noun(letter)) }
            switch letter {
            case "c": configuration = argument
            case "p": prefix = argument
            default: errorLog = argument
            }
        }
    }

    private static func noun(_ letter: Character) -> String {
        switch letter {
        case "p": "directory name"
        case "s", "g": "parameter"
        default: "file name"
        }
    }
}

/// An invalid command line, in nginx's words.
public enum CommandLineError: Error, Equatable, Sendable, CustomStringConvertible {
    /// An unknown option, or an argument that is none.
    case invalid(String)
    /// A missing argument of an option, and its description.
    case requires(Character, String)
    /// An argument that `apus serve` cannot use, and the reason.
    case unusable(String)

    /// The message: `invalid option: "x"`.
    public var description: String {
        switch self {
        case .invalid(let name): "invalid option: \"\(name)\""
        case .requires(let letter, let noun): "option \"-\(letter)\" requires \(noun)"
        case .unusable(let why): why
        }
    }
}
