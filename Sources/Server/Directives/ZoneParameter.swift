import Configuration

/// A `limit_req_zone` or `limit_conn_zone`, while the configuration is read.
struct ZoneDraft {
    let kind: ZonePlan.Kind
    let name: String
    let size: Int
    let key: Word
    /// Thousandths of a request per second; only for limit_req_zone.
    let rate: Int64
}

/// Parameters of both kinds of zones.
enum ZoneParameter {
    /// nginx's minimum: eight pages.
    private static let minSize = 32768

    /// Parses `zone=name:size`; nil if the argument is another one.
    static func zone(
        _ use: DirectiveUse, _ index: Int
    ) throws(Diagnostic) -> (name: String, size: Int)? {
        guard let value = try value(of: "zone", use, index) else { return nil }
        let text = try use.text(index)
        guard let colon = value.firstIndex(of: UInt8(ascii: ":")),
            let size = NginxSize.size(Array(value[(colon + 1)...]))
        else {
            throw use.fail(
                "invalid zone size \"\(text)\"", at: index,
                help: ["a zone has a name and a size: zone=one:10m"])
        }
        guard size >= minSize else {
            throw use.fail(
                "zone \"\(text)\" is too small", at: index, help: ["the minimum is 32k"])
        }
        return (String(decoding: value[..<colon], as: UTF8.self), size)
    }

    /// Returns the text after `name=` in an argument; nil if it is another one.
    static func value(
        of name: String, _ use: DirectiveUse, _ index: Int
    ) throws(Diagnostic) -> ArraySlice<UInt8>? {
        let bytes = try use.bytes(index)
        let prefix = Array(name.utf8) + [UInt8(ascii: "=")]
        return bytes.starts(with: prefix) ? bytes[prefix.count...] : nil
    }

    /// Adds a zone, whose name must be new.
    static func declare(
        _ kind: ZonePlan.Kind, _ zone: (name: String, size: Int)?, rate: Int64,
        _ use: DirectiveUse, into draft: inout Draft
    ) throws(Diagnostic) {
        guard let zone, !zone.name.isEmpty else {
            throw use.fail("\"\(use.name)\" must have \"zone\" parameter")
        }
        if let known = draft.zones.first(where: { $0.name == zone.name }) {
            guard known.kind == kind else {
                throw use.fail(
                    "the shared memory zone \"\(zone.name)\" is already declared "
                        + "for a different use")
            }
            throw use.fail(
                "\(use.name) \"\(zone.name)\" is already bound to key \"\(known.key.text)\"")
        }
        draft.zones.append(
            ZoneDraft(
                kind: kind, name: zone.name, size: zone.size, key: try use.word(0), rate: rate))
    }

    /// Parses a status for refused requests: 400 to 599.
    static func status(_ use: DirectiveUse) throws(Diagnostic) -> Int {
        let status = try use.integer(0)
        guard status >= 400, status <= 599 else {
            throw use.fail("value must be between 400 and 599", at: 0)
        }
        return status
    }

    /// The levels at which refusals can be logged.
    static let logLevels: [(String, LogLevel)] = [
        ("info", .info), ("notice", .notice), ("warn", .warn), ("error", .error),
    ]
}
