import HTTP

/// What a location adds to the fields of its answers, compiled: add_header, expires, add_trailer.
struct FieldsPlan: BitwiseCopyable {
    let expires: ExpiresRule
    /// The text that says when answers expire; only where `expiresFrom` says so.
    let expiresText: Template
    let expiresFrom: ExpiresSource
    let fields: PlanTable<AddedFieldPlan>
    let trailers: PlanTable<AddedFieldPlan>
    /// All of the fields are one text for every answer: `whole`, or `always` for errors.
    let isConstant: Bool
    /// Their lines, each with a line end before it.
    let whole: PlanBytes
    let always: PlanBytes
    /// True if one of them is Allow.
    let wholeHasAllow: Bool
    let alwaysHasAllow: Bool

    /// Whether an answer of this status gets fields that are not for `always`.
    static func takesAll(_ status: Int) -> Bool {
        switch status {
        case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308: true
        default: false
        }
    }

    /// Whether an answer of this status ends in trailers.
    func hasTrailers(_ status: Int) -> Bool {
        if FieldsPlan.takesAll(status) { return trailers.count > 0 }
        for index in 0..<trailers.count where trailers[index].isForAll { return true }
        return false
    }
}

/// Where the rule of `expires` comes from.
enum ExpiresSource: UInt8, BitwiseCopyable {
    case rule
    /// A text with variables: one of the forms, evaluated with each answer.
    case text
    /// The same, behind `modified`.
    case textFromModified
}

/// A field that is added, compiled.
struct AddedFieldPlan: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
        case plain
        /// What gzip_proxied looks at.
        case cacheControl
        /// Takes the place of the file's own.
        case lastModified, etag
        /// Replaces the Allow that a 405 has.
        case allow
    }

    let kind: Kind
    /// `always`: for errors, too.
    let isForAll: Bool
    /// A line end, the name, a colon and a space.
    let name: PlanBytes
    let value: Template
}

extension HeadWriter {
    /// Appends a status code with at least three digits.
    mutating func append(status: Int) {
        if status < 100 { append(byte: UInt8(ascii: "0")) }
        if status < 10 { append(byte: UInt8(ascii: "0")) }
        append(decimal: Int64(status))
    }

    /// Appends a field's value; what would end it is a space.
    mutating func append(fieldValue: Span<UInt8>) {
        for index in fieldValue.indices {
            let byte = fieldValue[index]
            append(byte: byte == 0 || byte == 0x0A || byte == 0x0D ? 0x20 : byte)
        }
    }
}
