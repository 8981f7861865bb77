import Server
import Testing

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("80", "0.0.0.0:80"),
        ("080", "0.0.0.0:80"),
        ("65535", "0.0.0.0:65535"),
        ("*", "0.0.0.0:80"),
        ("*:8080", "0.0.0.0:8080"),
        ("127.0.0.1:81", "127.0.0.1:81"),
        ("127.0.0.1", "127.0.0.1:80"),
        ("255.255.255.255:1", "255.255.255.255:1"),
        ("localhost", "127.0.0.1:80"),
        ("LOCALHOST:8081", "127.0.0.1:8081"),
        ("[::]:80", "[::]:80"),
        ("[::1]", "[::1]:80"),
        ("[2001:DB8:0:0:0:0:0:1]:443", "[2001:db8::1]:443"),
        ("[::ffff:1.2.3.4]:80", "[::ffff:1.2.3.4]:80"),
        ("unix:/run/apus.sock", "unix:/run/apus.sock"),
        ("UNIX:/run/a:b", "unix:/run/a:b"),
    ])
    func addressesRoundTripAsInNginx(text: String, canonical: String) throws {
        #expect(try ListenAddress.parse(text).description == canonical)
    }

    @Test(arguments: [
        ("", ListenAddressError.noHost("")),
        (":80", .noHost(":80")),
        ("0", .invalidPort("0")),
        ("65536", .invalidPort("65536")),
        ("99999999999999999999", .invalidPort("99999999999999999999")),
        ("80:", .invalidPort("80:")),
        ("127.0.0.1:", .invalidPort("127.0.0.1:")),
        ("127.0.0.1:+80", .invalidPort("127.0.0.1:+80")),
        ("127.0.0.1:80x", .invalidPort("127.0.0.1:80x")),
        ("[::1]:", .invalidPort("[::1]:")),
        ("::1", .invalidPort("::1")),
        ("8000-8010", .portRange("8000-8010")),
        ("127.0.0.1:8000-8010", .portRange("127.0.0.1:8000-8010")),
        ("example.com:80", .hostNotLiteral("example.com:80")),
        ("256.1.1.1:80", .hostNotLiteral("256.1.1.1:80")),
        ("-", .invalidPort("-")),
        ("8003-8000", .invalidPort("8003-8000")),
        ("0-80", .invalidPort("0-80")),
        ("80-", .invalidPort("80-")),
        ("80-65536", .invalidPort("80-65536")),
        ("1-2-3", .invalidPort("1-2-3")),
        ("[::1", .invalidHost("[::1")),
        ("[::1]80", .invalidHost("[::1]80")),
        ("127.0.0.1/x", .invalidHost("127.0.0.1/x")),
        ("[::g]:80", .invalidIPv6("[::g]:80")),
        ("[]", .invalidIPv6("[]")),
        ("unix:", .noPath("unix:")),
    ])
    func errorsNameTheFault(text: String, error: ListenAddressError) {
        #expect(throws: error) { try ListenAddress.parse(text) }
        #expect(error.description.contains("\"\(text)\" of the \"listen\" directive"))
    }

    @Test(arguments: [
        ("::1", ": an IPv6 address is written in brackets: [::1]"),
        ("[::1", ": the closing bracket is missing"), ("", ""), ("127.0.0.1/x", ""),
        ("0", ": a port is a number from 1 to 65535"),
    ])
    func errorsSuggestRemedy(text: String, advice: String) throws {
        #expect {
            try ListenAddress.parse(text)
        } throws: {
            "\($0)".hasSuffix(" in \"\(text)\" of the \"listen\" directive\(advice)")
        }
    }

    @Test(arguments: [
        ("8000-8002", ["0.0.0.0:8000", "0.0.0.0:8001", "0.0.0.0:8002"]),
        ("127.0.0.1:65534-65535", ["127.0.0.1:65534", "127.0.0.1:65535"]),
        ("[::1]:7-8", ["[::1]:7", "[::1]:8"]), ("80-80", ["0.0.0.0:80"]),
        ("unix:/run/a-b", ["unix:/run/a-b"]), ("localhost", ["127.0.0.1:80"]),
    ])
    func portRangeIsSeveralAddresses(text: String, addresses: [String]) throws {
        #expect(try ListenAddress.parseAll(text).map(\.description) == addresses)
    }

    @Test func socketPathLengthIsLimited() throws {
        let longest = "unix:/" + String(repeating: "x", count: 106)
        #expect(try ListenAddress.parse(longest).description == longest)
        #expect(throws: ListenAddressError.pathTooLong(longest + "x")) {
            try ListenAddress.parse(longest + "x")
        }
    }

    @Test func bytesAreMostSignificantFirst() throws {
        #expect(try ListenAddress.parse("1.2.3.4:5") == .ipv4(0x0102_0304, port: 5))
        #expect(try ListenAddress.parse("[1::2]:5") == .ipv6(0x0001_0000_0000_0000, 2, port: 5))
    }
}
