import HTTP
import Testing

@testable import Server

@Suite struct UserIDTests {
    /// Cookies that nginx has set, and the resulting values of $uid_got.
    @Test(arguments: [
        ("fwAAAWVjVrA0EgAAAgMDAw==", "0100007FB05663650000123403030302"),
        ("fwAAAWVjVrA0EgAAAgMDAwa=", "0100007FB05663650000123403030302"),
        ("AAAAAAAAAAAAAAAAAAAAAA", "00000000000000000000000000000000"),
    ])
    func cookiesAreParsed(cookie: String, digits: String) throws {
        let bytes = Array(cookie.utf8)
        let number = UserID(cookie: bytes.span)
        let found = try #require(number)
        #expect(text { found.write(into: &$0) } == digits)
        #expect(Base64.encode(found.bytes.span).prefix(22).elementsEqual(bytes.prefix(22)))
    }

    @Test(arguments: ["", "short", "fwAAAWVjVrA0EgAAAgMDA", "!wAAAWVjVrA0EgAAAgMDAw=="])
    func invalidCookiesAreRefused(cookie: String) {
        let bytes = Array(cookie.utf8)
        let number = UserID(cookie: bytes.span)
        #expect(number == nil)
    }

    @Test func identifiersAreUnique() {
        var sequence = UserIDSequence()
        var seen: Set<[UInt8]> = []
        for mode in [UserIDMode.on, .v1] {
            for _ in 0..<1000 {
                let number = sequence.make(
                    mode, service: 7, seconds: 1_700_000_000, milliseconds: 999)
                #expect(seen.insert(number.bytes).inserted)
                #expect(number.words.3 != 0)
                #expect(number.words.0 == 7)
                let time = UInt32(1_700_000_000)
                #expect(number.words.1 == (mode == .on ? time.bigEndian : time))
            }
        }
    }

    @Test func sequenceWrapsAround() {
        var sequence = UserIDSequence(next: 0xFFFF_FF02)
        let numbers = (0..<3).map { _ in
            sequence.make(.on, service: 0, seconds: 0, milliseconds: 0).words.3.bigEndian
        }
        #expect(numbers == [0xFFFF_FF02, 0x0303_0302, 0x0303_0402])
    }

    @Test(arguments: [
        ("userid_mark ab;", "value must be \"off\" or a single letter, digit or \"=\""),
        ("userid_mark !;", "value must be \"off\" or a single letter, digit or \"=\""),
        ("userid x;", "invalid value \"x\""), ("userid_flags x;", "invalid value \"x\""),
        ("userid_expires x;", "invalid time \"x\""), ("userid_service -1;", "invalid number"),
        ("userid on; userid on;", "\"userid\" directive is duplicate"),
    ])
    func invalidArgumentsAreRefused(text: String, message: String) {
        let outcome = loaded("events { } http { server { \(text) } }")
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains(message), "\(outcome.report)")
    }

    @Test func settingsAreInherited() throws {
        let plan = try plan(
            ofServer: """
                userid on; userid_name u; userid_domain a.example; userid_path /p; userid_mark x;
                userid_service 5; userid_expires 1h; userid_p3p "a b"; location /off { userid off; }
                userid_flags samesite=lax samesite=strict secure; location /log { userid log; }
                """)
        let settings = try #require(plan.accesses[0].userID)
        #expect(settings.name.text == "u")
        #expect(settings.domain.text == "; domain=a.example")
        #expect(settings.path.text == "; path=/p")
        #expect(settings.p3p.text == "a b")
        #expect(settings.mark == UInt8(ascii: "x"))
        #expect(settings.service == 5)
        #expect(settings.lifetime == .seconds(3600))
        #expect(settings.flags == [.lax, .secure])
        #expect(plan.locations[0].features.contains(.userID))
        #expect(plan.settings(of: "/off").access == -1)
        #expect(!plan.settings(of: "/log").features.contains(.userID))
        #expect(plan.accesses[Int(plan.settings(of: "/log").access)].userID?.mode == .log)
    }
}
