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
