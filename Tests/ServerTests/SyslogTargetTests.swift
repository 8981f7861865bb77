import Testing

@testable import Server

@Suite struct SyslogTargetTests {
    @Test(arguments: [
        ("server=192.0.2.1", "192.0.2.1:514"), ("server=192.0.2.1:5514", "192.0.2.1:5514"),
        ("server=localhost", "127.0.0.1:514"), ("server=[::1]", "[::1]:514"),
        ("server=[2001:db8::1]:12345", "[2001:db8::1]:12345"),
        ("server=unix:/dev/log", "unix:/dev/log"), ("server=unix:/a:1", "unix:/a:1"),
    ])
    func serverIsParsed(text: String, server: String) throws {
        let target = try SyslogTarget.parse(text)
        #expect(target.server.description == server)
        #expect(target.facility == 23 && target.severity == 6)
        #expect(target.tag == "nginx" && target.namesHost)
    }

    @Test func optionsAreParsed() throws {
        let target = try SyslogTarget.parse(
            "nohostname,severity=debug,facility=kern,tag=My_tag1,server=unix:/s")
        #expect(target.facility == 0 && target.severity == 7)
        #expect(target.tag == "My_tag1" && !target.namesHost)
        #expect(try SyslogTarget.parse("server=1.2.3.4,tag=").tag == "")
    }

    @Test func facilitiesAndSeveritiesFollowRFC() throws {
        for (index, name) in SyslogTarget.facilities.enumerated() {
            let target = try SyslogTarget.parse("server=1.2.3.4,facility=\(name)")
            #expect(target.facility == UInt8(index))
        }
        #expect(SyslogTarget.facilities.count == 24)
        #expect(SyslogTarget.facilities[16] == "local0" && SyslogTarget.facilities[9] == "clock")
        #expect(SyslogTarget.severities == LogLevel.allCases.map(\.name))
    }

    @Test(arguments: [
        ("", "unknown syslog parameter \"\""),
        ("tag=x", "no syslog server specified"),
        ("server=1.2.3.4,", "unknown syslog parameter \"\""),
        ("server=1.2.3.4,foo", "unknown syslog parameter \"foo\""),
        ("server=1.2.3.4,nohostname=1", "unknown syslog parameter \"nohostname=1\""),
        ("server=1.2.3.4,server=1.2.3.4", "duplicate syslog \"server\""),
        ("server=1.2.3.4,tag=a,tag=b", "duplicate syslog \"tag\""),
        ("server=1.2.3.4,facility=user,facility=cron", "duplicate syslog \"facility\""),
        ("server=1.2.3.4,severity=info,severity=warn", "duplicate syslog \"severity\""),
        ("server=1.2.3.4,facility=USER", "unknown syslog facility \"USER\""),
        ("server=1.2.3.4,severity=error,severity=x", "duplicate syslog \"severity\""),
        ("server=1.2.3.4,severity=x", "unknown syslog severity \"x\""),
        ("server=1.2.3.4,tag=a-b", "syslog \"tag\" only allows alphanumeric"),
        ("server=1.2.3.4,tag=123456789012345678901234567890123", "syslog tag length exceeds 32"),
        ("server=unix:", "no path in the unix domain socket in syslog server \"unix:\""),
        ("server=1.2.3.4:0", "invalid port in syslog server \"1.2.3.4:0\""),
        ("server=log.test:514", "host not found in syslog server \"log.test:514\""),
        ("server=514", "host not found in syslog server \"514\""),
        ("server=*:514", "host not found in syslog server \"*:514\""),
        ("server=", "host not found in syslog server \"\""),
    ])
    func invalidTargetsAreRefused(text: String, message: String) throws {
        let fault = try #require(throws: SyslogFault.self) { _ = try SyslogTarget.parse(text) }
        #expect(fault.message.contains(message))
    }
}
