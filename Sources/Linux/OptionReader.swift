import CLinux
import Glibc

/// What getopt_long(3) finds on a command line.
public enum CommandLineWord: Equatable, Sendable {
    /// An option by its letter, with its argument.
    case option(Character, String?)
    /// An option that lacks its argument, by its letter.
    case lacksArgument(Character)
    /// An option that there is not: a letter, or the long name as it was written.
    case unknown(String)
    /// What is no option.
    case operand(String)
}

/// Reads a command line with getopt_long(3), so that `-tq`, `-c/path` and `--` mean what they do
/// everywhere. Its state is one for the process: not for two threads at once.
public enum OptionReader {
    /// Whose options are read.
    public enum Table: Sendable {
        /// nginx's, and --help and --version.
        case server
        /// Those of `apus serve`: --help, --host, --listen, --port.
        case serve
        /// Those of `apus check`: some of nginx's, --allow, --json, --strict.
        case check
        /// Those of `apus explain`: some of nginx's, -H and --from.
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

    /// The words of `arguments`, whose first one is the program's name; operands come last.
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
            case 0x3A: words.append(.lacksArgument(letter(unsafe step.subject)))
            case let found: words.append(.option(letter(found), argument))
            }
        }
    }

    private static func letter(_ code: Int32) -> Character {
        Character(UnicodeScalar(UInt8(truncatingIfNeeded: code)))
    }
}
