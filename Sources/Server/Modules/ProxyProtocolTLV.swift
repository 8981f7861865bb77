import HTTP
import Linux

/// `$proxy_protocol_tlv_NAME`: the values that a proxy adds to a PROXY protocol header of version 2
/// (proxy-protocol.txt, section 2.2), such as the name that a TLS client requested.
enum ProxyProtocolTLV {
    static let variables: [VariableRow] = [
        .ifAny(
            "proxy_protocol_tlv_", .perRequest, [.prefix, .definable],
            flag: \PlanParts.readsProxyTLVs
        ) { write($2.text.span, $0, $1, into: &$3) }
    ]

    /// A fault in the values or in a variable's name, in nginx's words.
    enum Fault: Error, Equatable {
        case broken, unknownName, invalidNumber

        func message(_ name: String) -> String {
            switch self {
            case .broken: "broken PROXY protocol TLV"
            case .unknownName: "unknown PROXY protocol TLV \"\(name)\""
            case .invalidNumber: "invalid PROXY protocol TLV \"\(name)\""
            }
        }
    }

    /// The type of the value about TLS, which has values of its own.
    private static let tlsType: UInt8 = 0x20
    /// The bytes before those: which flags are set, and the result of the certificate's
    /// verification.
    private static let tlsHeadCount = 5

    private static let types: [(StaticString, UInt8)] = [
        ("alpn", 0x01), ("authority", 0x02), ("unique_id", 0x05), ("ssl", tlsType),
        ("netns", 0x30),
    ]
    private static let tlsTypes: [(StaticString, UInt8)] = [
        ("version", 0x21), ("cn", 0x22), ("cipher", 0x23), ("sig_alg", 0x24), ("key_alg", 0x25),
    ]

    /// Writes the value of a variable. Returns false if the header has none; a fault is logged.
    private static func write(
        _ name: Span<UInt8>, _ request: borrowing Request, _ services: borrowing Services,
        into writer: inout ByteWriter
    ) -> Bool {
        guard let values = services.proxyTLVs[request.slot.index] else { return false }
        do throws(Fault) {
            return try write(name, of: values.span, into: &writer)
        } catch {
            services.logError(.error, error.message(name.text), request)
            return false
        }
    }

    /// Writes the value with a name, or with the number of its type as in `0x02`. Returns false if
    /// there is none.
    static func write(
        _ name: Span<UInt8>, of values: Span<UInt8>, into writer: inout ByteWriter
    ) throws(Fault) -> Bool {
        guard name.count >= 4, name.slice(from: 0, to: 4).equals("ssl_") else {
            return try write(type(name, in: types), of: values, into: &writer)
        }
        guard let extent = try find(tlsType, in: values) else { return false }
        let tls = values.slice(from: extent.lowerBound, to: extent.upperBound)
        guard tls.count >= tlsHeadCount else { throw .broken }
        let part = name.slice(from: 4, to: name.count)
        if part.equals("verify") {
            var result: UInt32 = 0
            for index in 1..<tlsHeadCount { result = result << 8 | UInt32(tls[index]) }
            writer.append(decimal: Int64(result))
            return true
        }
        return try write(
            type(part, in: tlsTypes), of: tls.slice(from: tlsHeadCount, to: tls.count),
            into: &writer)
    }

    private static func write(
        _ type: UInt32, of values: Span<UInt8>, into writer: inout ByteWriter
    ) throws(Fault) -> Bool {
        guard let type = UInt8(exactly: type), let extent = try find(type, in: values) else {
            return false
        }
        writer.append(values.slice(from: extent.lowerBound, to: extent.upperBound))
        return true
    }

    /// Returns the type that a name means.
    private static func type(
        _ name: Span<UInt8>, in names: [(StaticString, UInt8)]
    ) throws(Fault) -> UInt32 {
        if name.count >= 2, name.slice(from: 0, to: 2).equals("0x") {
            let digits = name.slice(from: 2, to: name.count)
            guard let number = UInt32(digits.text, radix: 16), digits[0] != UInt8(ascii: "+") else {
                throw .invalidNumber
            }
            return number
        }
        for (known, type) in names where name.equals(known) { return UInt32(type) }
        throw .unknownName
    }

    /// Returns where the first value of a type is: after its type, one byte, and its length, two.
    private static func find(
        _ type: UInt8, in values: Span<UInt8>
    ) throws(Fault) -> Range<Int>? {
        var index = 0
        while index < values.count {
            guard values.count &- index >= 3 else { throw .broken }
            let count = Int(values[index &+ 1]) << 8 | Int(values[index &+ 2])
            let start = index &+ 3
            guard count <= values.count &- start else { throw .broken }
            if values[index] == type { return start..<(start &+ count) }
            index = start &+ count
        }
        return nil
    }
}
