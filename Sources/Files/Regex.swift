import CPCRE2

/// A PCRE2 pattern over bytes, compiled once and matched for requests.
///
/// The result of a match stays with the pattern until the next match: matching allocates nothing,
/// and a pattern is used by one event loop only.
@safe
public final class Regex {
    /// The result of a match.
    @frozen
    public enum Outcome: Equatable, Sendable {
        /// The pattern matches; ``capture(_:)`` has the ranges.
        case match
        /// The pattern does not match.
        case noMatch
        /// The match took more steps than a request may cost; whether it matches is unknown.
        case limitReached
        /// PCRE2's error code; for example for a subject that is not UTF-8 under `(*UTF)`.
        case failed(Int32)
    }

    /// The reason that a pattern does not compile.
    public struct CompileError: Error, Equatable, Sendable {
        /// PCRE2's message.
        public let message: String
        /// The offset in the pattern, in bytes.
        public let offset: Int
    }

    /// The number of steps that a match may take (pcre2_set_match_limit(3)): some milliseconds.
    /// PCRE2's own limit is 10 million, with which a client could block the loop.
    public static let matchLimit: UInt32 = 250_000
    /// The memory that backtracking may use, in KiB (pcre2_set_heap_limit(3)).
    public static let heapLimitKiB: UInt32 = 8192

    /// The pattern, for messages.
    public let pattern: String
    /// The number of capturing groups, without the whole match.
    public let captureCount: Int
    /// The named groups and their numbers, in the order of the names.
    public let names: [(name: String, number: Int)]
    /// Whether the pattern runs as machine code.
    public let isJustInTime: Bool

    private let code: OpaquePointer
    private let data: OpaquePointer
    private let context: OpaquePointer
    private var captured = 0

    /// Compiles `pattern`; with `caseless`, the case of letters is ignored.
    public static func compile(
        pattern: String, caseless: Bool
    ) throws(CompileError) -> Regex {
        var code: Int32 = 0
        var offset = 0
        var bytes = Array(pattern.utf8)
        let options = caseless ? PCRE2_CASELESS : 0
        // A terminating byte, so that an empty pattern has an address.
        let count = bytes.count
        bytes.append(0)
        let compiled = unsafe bytes.withUnsafeBufferPointer {
            unsafe pcre2_compile_8($0.baseAddress, count, options, &code, &offset, nil)
        }
        guard let compiled = unsafe compiled else {
            throw CompileError(message: Regex.message(of: code), offset: offset)
        }
        guard let regex = unsafe Regex(owning: compiled, pattern: pattern) else {
            throw CompileError(message: "out of memory", offset: 0)
        }
        return regex
    }

    /// Takes ownership of `code`, even if it fails because memory is short.
    private init?(owning code: OpaquePointer, pattern: String) {
        self.pattern = pattern
        // Without it, for example where memory may not be executable, the interpreter matches.
        isJustInTime = unsafe pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE) == 0
        let data = unsafe pcre2_match_data_create_from_pattern_8(code, nil)
        let context = unsafe pcre2_match_context_create_8(nil)
        guard let data = unsafe data, let context = unsafe context else {
            unsafe pcre2_match_data_free_8(data)
            unsafe pcre2_match_context_free_8(context)
            unsafe pcre2_code_free_8(code)
            return nil
        }
        unsafe pcre2_set_match_limit_8(context, Regex.matchLimit)
        unsafe pcre2_set_heap_limit_8(context, Regex.heapLimitKiB)
        unsafe self.code = code
        unsafe self.data = data
        unsafe self.context = context
        captureCount = unsafe Regex.number(PCRE2_INFO_CAPTURECOUNT, of: code)
        names = unsafe Regex.names(of: code)
    }

    deinit {
        unsafe pcre2_match_context_free_8(context)
        unsafe pcre2_match_data_free_8(data)
        unsafe pcre2_code_free_8(code)
    }

    /// Matches the pattern anywhere in `subject`.
    public func matches(_ subject: Span<UInt8>) -> Outcome {
        captured = 0
        var returned = run(subject, options: 0)
        if returned == PCRE2_ERROR_JIT_STACKLIMIT {
            // Machine code has 32 KiB of stack; the interpreter has the heap limit.
            returned = run(subject, options: PCRE2_NO_JIT)
        }
        switch returned {
        case 0...:
            // One more than the highest group that matched.
            captured = Int(returned)
            return .match
        case PCRE2_ERROR_NOMATCH: return .noMatch
        case PCRE2_ERROR_MATCHLIMIT, PCRE2_ERROR_DEPTHLIMIT, PCRE2_ERROR_HEAPLIMIT,
            PCRE2_ERROR_NOMEMORY:
            return .limitReached
        default: return .failed(returned)
        }
    }

    private func run(_ subject: Span<UInt8>, options: UInt32) -> Int32 {
        unsafe subject.withUnsafeBufferPointer { bytes in
            var nothing: UInt8 = 0
            guard let start = bytes.baseAddress else {
                return unsafe pcre2_match_8(code, &nothing, 0, 0, options, data, context)
            }
            return unsafe pcre2_match_8(code, start, bytes.count, 0, options, data, context)
        }
    }

    /// Returns the range of group `number` in the last subject; 0 is the whole match. Returns nil
    /// if the group did not match, or nothing did.
    public func capture(_ number: Int) -> Range<Int>? {
        guard number >= 0, number < captured, let places = unsafe pcre2_get_ovector_pointer_8(data)
        else { return nil }
        let start = unsafe places[2 * number]
        let end = unsafe places[2 * number + 1]
        // PCRE2_UNSET is the greatest number; \K in a look-ahead can put the start after the end.
        guard start <= end, end != Int(bitPattern: UInt.max) else { return nil }
        return start..<end
    }

    private static func number(_ what: Int32, of code: OpaquePointer) -> Int {
        var value: UInt32 = 0
        return unsafe pcre2_pattern_info_8(code, UInt32(what), &value) == 0 ? Int(value) : 0
    }

    /// Returns the named groups. The table has fixed-size entries: the group's number in two bytes,
    /// then the name and NUL.
    private static func names(of code: OpaquePointer) -> [(name: String, number: Int)] {
        let count = unsafe number(PCRE2_INFO_NAMECOUNT, of: code)
        let size = unsafe number(PCRE2_INFO_NAMEENTRYSIZE, of: code)
        var table: UnsafePointer<UInt8>?
        guard unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table) == 0,
            let table = unsafe table
        else { return [] }
        return (0..<count).map { index in
            let entry = unsafe table + index * size
            return unsafe (String(cString: entry + 2), Int(entry[0]) << 8 | Int(entry[1]))
        }
    }

    private static func message(of code: Int32) -> String {
        var text = [UInt8](repeating: 0, count: 256)
        let count = text.count
        let length = unsafe text.withUnsafeMutableBufferPointer {
            unsafe pcre2_get_error_message_8(code, $0.baseAddress, count)
        }
        return String(decoding: text.prefix(max(0, Int(length))), as: UTF8.self)
    }
}
