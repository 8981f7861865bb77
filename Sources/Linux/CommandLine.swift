import CLinux
import Glibc

/// An element of a command line, as parsed by getopt_long(3).
public enum CommandLineWord: Equatable, Sendable {
    /// An option by its letter, with its argument.
    case option(Character, String?)
    /// An option that lacks its argument, by its letter.
    case missingArgument(Character)
    /// An unknown option: a letter, or the long name as written.
    case unknown(String)
    /// An argument that is no option.
    case operand(String)
}

/// Parses a command line with getopt_long(3), so that `-tq`, `-c/path` and `--` have their usual
/// meaning. Its state is global: it must not be used by two threads at once.
public enum OptionReader {
    /// The command whose options are parsed.
    public enum Table: Sendable {
        /// The server: nginx's options, --help and --version.
        case server
        /// `apus serve`: --help, --host, --listen, --port.
        case serve
        /// `apus check`: some of nginx's options, --allow, --json, --strict.
        case check
        /// `apus explain`: some of nginx's options, -H and --from.
        case explain

        fileprivate var number: clinux_option_table {
            switch self {
            case .server: clinux_options_server
            case .serve: clinux_options_serve
            case .check: clinux_options_check
            case .explain: clinux_options_explain
            }
        }
    }

    /// Parses `arguments`, whose first one is the program's name. Operands come last in the result.
    public static func words(_ arguments: [String], _ table: Table) -> [CommandLineWord] {
        var copies = unsafe arguments.map { unsafe strdup($0) }
        let originals = unsafe copies
        defer { unsafe originals.forEach { unsafe free($0) } }
        let count = Int32(clamping: arguments.count)
        var words: [CommandLineWord] = []
        clinux_start_options()
        while true {
            let step = unsafe copies.withUnsafeMutableBufferPointer {
                unsafe clinux_next_option(count, $0.baseAddress, Int32(table.number.rawValue))
            }
            let argument: String? =
                if let text = unsafe step.argument { unsafe String(cString: text) } else { nil }
            let next = Int(unsafe step.next)
            func word(_ index: Int) -> String {
                guard unsafe copies.indices.contains(index), let text = unsafe copies[index]
                else { return "" }
                return unsafe String(cString: text)
            }
            switch unsafe step.letter {
            case 0:
                return words + (next..<max(next, arguments.count)).map { .operand(word($0)) }
            case 0x3F:
                let subject = unsafe step.subject
                words.append(.unknown(subject == 0 ? word(next &- 1) : String(letter(subject))))
            case 0x3A: words.append(.missingArgument(letter(unsafe step.subject)))
            case let found: words.append(.option(letter(found), argument))
            }
        }
    }

    private static func letter(_ code: Int32) -> Character {
        Character(UnicodeScalar(UInt8(truncatingIfNeeded: code)))
    }
}

/// Returns the arguments that this program was started with, its own name first.
public func programArguments() -> [String] {
    var count: Int32 = 0
    guard let words = unsafe clinux_command_line(&count) else { return [] }
    return (0..<Int(count)).compactMap { index in
        guard let word = unsafe words[index] else { return nil }
        return unsafe String(cString: word)
    }
}

/// Lets ``setProcessTitle(_:)`` change what ps(1) shows: its memory is that of the command line and
/// the environment, which are copied. Called once, before processes are forked.
public func reserveProcessTitle() { clinux_reserve_title() }

/// Makes ps(1), top(1) and systemctl(1) show `title` as the command line of this process. Does
/// nothing before ``reserveProcessTitle()``.
public func setProcessTitle(_ title: String) {
    unsafe title.withCString { unsafe clinux_set_title($0) }
}

/// Returns the value of an environment variable (getenv(3)); nil if it is unset.
public func environmentValue(_ name: String) -> [UInt8]? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
}

/// Removes a variable from the environment of this process and its children: unsetenv(3).
public func removeEnvironmentValue(_ name: String) { _ = unsafe unsetenv(name) }

/// Returns the name and version of the compiler.
public func compilerName() -> String {
    guard let name = unsafe clinux_compiler() else { return "" }
    return unsafe String(cString: name)
}
