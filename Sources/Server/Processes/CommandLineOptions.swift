import Linux

/// What `apus` is told on its command line: nginx's options.
public struct CommandLineOptions: Equatable, Sendable {
    /// `-v`, and `-V` and `-h` which include it.
    public var showsVersion = false
    /// `-V`.
    public var showsBuild = false
    /// `-h`, `-?`.
    public var showsUsage = false
    /// `-t`, and `-T` which includes it.
    public var tests = false
    /// `-T`.
    public var dumps = false
    /// `-q`.
    public var isQuiet = false
    /// `-s`.
    public var order: Order?
    /// `-c`, as it was written.
    public var configuration: String?
    /// `-p`, as it was written.
    public var prefix: String?
    /// `-e`, as it was written.
    public var errorLog: String?
    /// `-g`.
    public var globals: String?

    /// What `-s` sends to the running master.
    public enum Order: String, CaseIterable, Sendable {
        case stop, quit, reopen, reload

        /// The signal that stands for it.
        public var signal: Signal {
            switch self {
            case .stop: .terminate
            case .quit: .quit
            case .reopen: .user1
            case .reload: .hangup
            }
        }
    }

    /// No options.
    public init() {}

    /// Reads a command line; `arguments` begin with the program's name.
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
        case .lacksArgument(let letter): throw .requires(letter, CommandLineOptions.noun(letter))
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
            // An empty name is none, as in nginx.
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

/// A command line that makes no sense, in nginx's words.
public enum CommandLineError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no such option, or it is not one.
    case invalid(String)
    /// An option's argument is missing; what it would be.
    case requires(Character, String)
    /// An argument that `apus serve` cannot use; why.
    case unusable(String)

    /// `invalid option: "x"`.
    public var description: String {
        switch self {
        case .invalid(let name): "invalid option: \"\(name)\""
        case .requires(let letter, let noun): "option \"-\(letter)\" requires \(noun)"
        case .unusable(let why): why
        }
    }
}
