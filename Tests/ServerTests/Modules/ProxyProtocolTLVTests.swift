import HTTP
import Testing

@testable import Server

@Suite struct ProxyProtocolTLVTests {
    private static func tlv(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
        [type, UInt8(value.count >> 8), UInt8(value.count & 255)] + value
    }

    private static let tls: [UInt8] =
        [7, 0, 0, 1, 2] + tlv(0x21, Array("TLSv1.3".utf8)) + tlv(0x22, Array("client".utf8))
        + tlv(0x23, Array("AES".utf8)) + tlv(0x24, Array("SHA256".utf8))
        + tlv(0x25, Array("RSA2048".utf8))

    private static let values: [UInt8] =
        tlv(0x01, Array("h2".utf8)) + tlv(0x02, Array("a.test".utf8)) + tlv(0x04, [])
        + tlv(0x05, [0, 1, 255]) + tlv(0x20, tls) + tlv(0x30, Array("ns".utf8))
        + tlv(0xE0, Array("own".utf8)) + tlv(0x02, Array("second".utf8))

    /// Returns the value with a name; nil if there is none.
    private func value(
        _ name: String, in values: [UInt8] = values
    ) throws(ProxyProtocolTLV.Fault) -> [UInt8]? {
        var text = InlineText<512>()
        var result: Result<Bool, ProxyProtocolTLV.Fault> = .success(false)
        let nameBytes = Array(name.utf8)
        text.write { writer in
            do throws(ProxyProtocolTLV.Fault) {
                result = .success(
                    try ProxyProtocolTLV.write(nameBytes.span, of: values.span, into: &writer))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get() ? Array(copying: text.span) : nil
    }

    @Test(arguments: [
        ("alpn", "h2"), ("authority", "a.test"), ("netns", "ns"), ("0x02", "a.test"),
        ("0xE0", "own"), ("0xe0", "own"), ("0x04", ""), ("0x000002", "a.test"),
        ("ssl_version", "TLSv1.3"), ("ssl_cn", "client"), ("ssl_cipher", "AES"),
        ("ssl_sig_alg", "SHA256"), ("ssl_key_alg", "RSA2048"), ("ssl_verify", "258"),
        ("ssl_0x22", "client"),
    ])
    func namedValueIsFound(name: String, expected: String) throws {
        #expect(try value(name) == Array(expected.utf8))
    }

    @Test(arguments: ["0x03", "0x100", "0xffffffff", "ssl_0x26"])
    func missingTypeHasNoValue(name: String) throws { #expect(try value(name) == nil) }

    @Test func binaryValueIsUnchanged() throws {
        #expect(try value("unique_id") == [0, 1, 255])
        #expect(try value("ssl") == Self.tls)
    }

    @Test func valueOfTLSIsMissingWithoutTLS() throws {
        #expect(try value("ssl_cn", in: Self.tlv(0x01, [1])) == nil)
        #expect(try value("ssl_verify", in: []) == nil)
    }

    @Test(arguments: [
        ("", ProxyProtocolTLV.Fault.unknownName), ("crc", .unknownName), ("ssl_", .unknownName),
        ("ssl_sni", .unknownName), ("0x", .invalidNumber), ("0xg", .invalidNumber),
        ("0x+1", .invalidNumber), ("0x100000000", .invalidNumber),
    ])
    func invalidNameIsFault(name: String, fault: ProxyProtocolTLV.Fault) {
        #expect(throws: fault) { try value(name) }
    }

    @Test(arguments: [
        [0x01], [0x01, 0], [0x01, 0, 1], [0x01, 0xFF, 0xFF, 0],
        tlv(0x01, [1]) + [0x02, 0, 9, 1],
    ])
    func truncatedValueIsFault(values: [UInt8]) {
        #expect(throws: ProxyProtocolTLV.Fault.broken) { try value("netns", in: values) }
    }

    @Test func truncatedTLSIsFault() {
        for count in 0..<5 {
            let values = Self.tlv(0x20, Array(Self.tls.prefix(count)))
            #expect(throws: ProxyProtocolTLV.Fault.broken) { try value("ssl_cn", in: values) }
        }
        let cut = Self.tlv(0x20, Array(Self.tls.prefix(7)))
        #expect(throws: ProxyProtocolTLV.Fault.broken) { try value("ssl_cn", in: cut) }
    }
}
