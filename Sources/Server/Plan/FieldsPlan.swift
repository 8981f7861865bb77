import HTTP

/// The fields that a location adds to its responses, compiled: add_header, expires, add_trailer.
struct FieldsPlan: BitwiseCopyable {
    let expires: ExpiresRule
    /// The text that evaluates to the expiry, if `expiresFrom` says so.
    let expiresText: Template
    let expiresFrom: ExpiresSource
    let fields: PlanTable<AddedFieldPlan>
    let trailers: PlanTable<AddedFieldPlan>
    /// True if the fields are the same for every response: `whole`, or `always` for errors.
    let isConstant: Bool
    /// The lines of these fields, each preceded by a line end.
    let whole: PlanBytes
    let always: PlanBytes
    /// True if one of them is Allow.
    let wholeHasAllow: Bool
    let alwaysHasAllow: Bool

    /// Returns true if a response with this status gets fields without `always`.
    static func addsFieldsTo(_ status: Int) -> Bool {
        switch status {
        case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308: true
        default: false
        }
    }

    /// Returns true if a response with this status ends in trailers.
    func hasTrailers(_ status: Int) -> Bool {
        if FieldsPlan.addsFieldsTo(status) { return trailers.count > 0 }
        for index in 0..<trailers.count where trailers[index].isForAll { return true }
        return false
    }
}

/// The source of the rule of `expires`.
enum ExpiresSource: UInt8, BitwiseCopyable {
    case rule
    /// A text with variables: one of the forms, evaluated for each response.
    case text
    /// A text with variables after `modified`.
    case textFromModified
}

/// An added field, compiled.
struct AddedFieldPlan: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
        case plain
        /// Cache-Control, which gzip_proxied examines.
        case cacheControl
        /// A field that replaces the file's own.
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

extension ByteWriter {
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
