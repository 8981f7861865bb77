/// A part of a file (RFC 9110, section 14.1.2).
@frozen
public struct ByteRange: BitwiseCopyable, Sendable, Equatable {
    /// The first byte.
    public let start: Int64
    /// The offset after the last byte.
    public let end: Int64

    /// Creates a range from `start` to `end`, exclusive.
    @inlinable
    public init(start: Int64, end: Int64) {
        self.start = start
        self.end = end
    }

    /// The number of bytes.
    @inlinable
    public var count: Int64 { end &- start }
}

/// The result of evaluating a Range header (RFC 9110, section 14.2), by nginx's
/// ngx_http_range_parse.
public enum ByteRanges: Sendable, Equatable {
    /// Ignore the header: respond with 200 and the whole file.
    case none
    /// Respond with 416: no range is in the file, or the header is invalid.
    case unsatisfiable
    /// Respond with 206 and one part.
    case one(ByteRange)
    /// Respond with 206 and several parts, in the requested order.
    case many([ByteRange])

    /// Parses the value of a Range header for a file of `size` bytes. More ranges than `maximum`
    /// (max_ranges; 0 allows none), or ranges that add up to more than the file, are ignored.
    ///
    /// With `isStrict` the header is read as RFC 9110 defines it, where nginx differs: empty
    /// members are skipped (section 5.6.1.2), a position of any length is a number, and a header
    /// with an invalid member is ignored as a whole (section 14.1.1).
    public init(
        _ value: Span<UInt8>, size: Int64, maximum: Int = .max, isStrict: Bool = false
    ) {
        guard maximum > 0, value.count >= 7, value.startsIgnoringCase("bytes=") else {
            self = .none
            return
        }
        var reader = RangeReader(
            value.extracting(droppingFirst: 6), size: size, isStrict: isStrict)
        var first: ByteRange?
        var all: [ByteRange] = []
        var total: Int64 = 0
        var count = 0
        repeat {
            if isStrict, reader.isAtEndAfterEmptyMembers() {
                guard !reader.hasMembers else { break }
                // A list without members is invalid.
                self = .none
                return
            }
            let range: ByteRange
            switch reader.next() {
            case .malformed:
                self = isStrict ? .none : .unsatisfiable
                return
            case .outside: continue
            case .ignored:
                self = .none
                return
            case .range(let found): range = found
            }
            let (sum, overflow) = total.addingReportingOverflow(range.count)
            guard !overflow else {
                self = .unsatisfiable
                return
            }
            total = sum
            guard count < maximum else {
                self = .none
                return
            }
            count &+= 1
            if let first {
                if all.isEmpty { all.append(first) }
                all.append(range)
            } else {
                first = range
            }
        } while reader.hasMore
        guard let first else {
            self = .unsatisfiable
            return
        }
        // Overlapping ranges could make a response much larger than the file.
        guard total <= size else {
            self = .none
            return
        }
        self = all.isEmpty ? .one(first) : .many(all)
    }
}

/// Reads one range specifier after the other.
private struct RangeReader: ~Escapable {
    enum Found {
        case range(ByteRange)
        /// A range that is not in the file.
        case outside
        /// A range of an empty file: the whole header is ignored.
        case ignored
        case malformed
    }

    private let text: Span<UInt8>
    private let size: Int64
    private let isStrict: Bool
    private var position = 0

    /// True if a member was read.
    private(set) var hasMembers = false
    /// True if a comma followed the last range.
    private(set) var hasMore = false

    @_lifetime(copy text)
    init(_ text: Span<UInt8>, size: Int64, isStrict: Bool) {
        self.text = text
        self.size = size
        self.isStrict = isStrict
    }

    mutating func next() -> Found {
        hasMembers = true
        skipWhiteSpace()
        var start: Int64 = 0
        var end: Int64 = 0
        if takes(0x2D) {
            // A suffix range: the last bytes of the file.
            guard let length = number() else { return .malformed }
            start = length < size ? size &- length : 0
            end = size &- 1
        } else {
            guard let first = number() else { return .malformed }
            start = first
            skipSpaces()
            guard takes(0x2D) else { return .malformed }
            skipSpaces()
            if position == text.count || text[position] == 0x2C {
                end = size
            } else {
                guard let last = number(), !isStrict || last >= start else { return .malformed }
                end = last
            }
        }
        skipWhiteSpace()
        hasMore = takes(0x2C)
        guard hasMore || position == text.count else { return .malformed }
        end = end >= size ? size : end &+ 1
        if start < end { return .range(ByteRange(start: start, end: end)) }
        return start == 0 ? .ignored : .outside
    }

    /// Skips empty members. Returns true if no other member follows.
    mutating func isAtEndAfterEmptyMembers() -> Bool {
        repeat { skipWhiteSpace() } while takes(0x2C)
        return position == text.count
    }

    /// Skips spaces within a member, which nginx accepts and RFC 9110 does not.
    private mutating func skipSpaces() {
        guard !isStrict else { return }
        while position < text.count, text[position] == 0x20 { position &+= 1 }
    }

    /// Skips white space around members of a list (RFC 9110, section 5.6.1). Within a member nginx
    /// accepts spaces only.
    private mutating func skipWhiteSpace() {
        while position < text.count, text[position] == 0x20 || text[position] == 0x09 {
            position &+= 1
        }
    }

    private mutating func takes(_ byte: UInt8) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position &+= 1
        return true
    }

    /// Reads a number; nil if there is none. A number beyond the largest size is nil too, or with
    /// strict parsing the largest number.
    private mutating func number() -> Int64? {
        let first = position
        var value: Int64 = 0
        while position < text.count, let digit = text[position].decimalDigit {
            if !value.appendDecimalDigit(digit) {
                guard isStrict else { return nil }
                value = .max
            }
            position &+= 1
        }
        return position > first ? value : nil
    }
}

/// The precondition of a Range field (RFC 9110, section 13.1.5).
public enum IfRange {
    /// Returns true if the value of an If-Range header allows a partial response: its tag is the
    /// file's and neither is weak, or its date is exactly the file's.
    public static func allowsRange(
        _ value: Span<UInt8>, _ validators: borrowing Validators
    ) -> Bool {
        if value.count >= 2, value[value.count &- 1] == 0x22 {
            return !EntityTag.isWeak(value)
                && (value.equals(validators.etag) || value.equals(validators.otherTag))
        }
        guard let modified = validators.modified, let date = HTTPDate.parse(value) else {
            return false
        }
        return date == modified
    }
}
