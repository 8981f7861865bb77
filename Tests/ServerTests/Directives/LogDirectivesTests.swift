import Testing

@testable import Server

/// Arguments of access_log, log_format, open_log_file_cache and error_log, and the errors for the
/// rest, in nginx's words.
@Suite struct LogDirectivesTests {
    @Test(arguments: [
        ("access_log /l buffer=3;", "unknown log format \"buffer=3\""),
        ("access_log /l combined buffer=0;", "invalid buffer size \"0\""),
        ("access_log /l combined flush=3s;", "no buffer is defined for access_log \"/l\""),
        ("access_log /l combined buffer=1k flush=0;", "invalid flush time \"0\""),
        ("access_log /l combined gzip=0;", "invalid compression level \"0\""),
        ("access_log /l combined gzip=;", "invalid compression level \"\""),
        ("access_log /l combined gzip=10;", "invalid compression level \"10\""),
        ("access_log /l combined gzipx;", "invalid parameter \"gzipx\""),
        ("access_log /l$host combined gzip;", "buffered logs cannot have variables in name"),
        ("access_log syslog:server=1.2.3.4 combined gzip;", "logs to syslog cannot be buffered"),
        ("access_log syslog:;", "unknown syslog parameter \"\""),
        ("access_log syslog:server=1.2.3.4 json2;", "unknown log format \"json2\""),
        ("access_log off x;", "invalid parameter \"x\""),
        (
            "log_format a '$status $'; server { }", "invalid parameter \"$status $\""
        ),
        (
            "access_log /l combined buffer=4k; access_log /l combined buffer=8k;",
            "access_log \"/l\" already defined with conflicting parameters"
        ),
        ("access_log /l combined if=$nope;", "unknown \"nope\" variable"),
        ("access_log /l$nope;", "unknown \"nope\" variable"),
        ("access_log /l foo; log_format foo x;", "its log_format must precede it"),
        ("log_format foo escape=x a;", "unknown log format escaping \"x\""),
        ("log_format foo a; log_format foo b;", "duplicate \"log_format\" name \"foo\""),
        ("log_format combined b;", "duplicate \"log_format\" name \"combined\""),
        ("log_format unused '$nope';", "unknown \"nope\" variable"),
        (
            "open_log_file_cache inactive=3;",
            "\"open_log_file_cache\" must have \"max\" parameter"
        ),
        ("open_log_file_cache max=0;", "\"open_log_file_cache\" must have \"max\" parameter"),
        (
            "open_log_file_cache max=3 inactive=x;",
            "invalid \"open_log_file_cache\" parameter \"inactive=x\""
        ),
        (
            "open_log_file_cache max=3 min_uses=x;",
            "invalid \"open_log_file_cache\" parameter \"min_uses=x\""
        ),
        (
            "open_log_file_cache max=3 foo;",
            "invalid \"open_log_file_cache\" parameter \"foo\""
        ),
        (
            "open_log_file_cache max=3; open_log_file_cache off;",
            "\"open_log_file_cache\" directive is duplicate"
        ),
        ("error_log /l x;", "invalid log level \"x\""),
        ("error_log /l DEBUG;", "did you mean \"debug\"?"),
        ("error_log /l warn error;", "duplicate log level \"error\""),
        ("error_log /l warn debug_http;", "invalid log level \"debug_http\""),
        ("error_log /l debug_http warn;", "duplicate log level \"warn\""),
        ("error_log memory:32k debug;", "an error log in memory can be read only with a debugger"),
        ("error_log syslog:server=1.2.3.4 x;", "invalid log level \"x\""),
        ("error_log syslog:server=no.test;", "host not found in syslog server \"no.test\""),
        ("rewrite_log yes;", "it must be \"on\" or \"off\""),
    ])
    func invalidArgumentsAreRefused(text: String, message: String) {
        let outcome = loaded("events {}\nhttp { \(text) }")
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains(message), "\(outcome.report)")
    }

    @Test(arguments: [
        "access_log off; access_log off;", "access_log off; access_log /l;",
        "access_log /l combined buffer=4k; access_log /l;",
        "access_log /l combined buffer=4k buffer=8k flush=1m gzip gzip=3 if=$status;",
        "access_log /l combined if=;", "access_log /l json;", "log_format json '$status';",
        "log_format foo escape=json;", "open_log_file_cache off max=3;",
        "open_log_file_cache max=3 inactive=1m min_uses=0 valid=1h;",
        "error_log /l debug_http debug_core;", "error_log stderr; error_log stderr info;",
        "error_log syslog:server=unix:/dev/log,nohostname warn;",
        "access_log logs/$host.log; access_log /$arg_a/$1;",
    ])
    func validArgumentsAreAccepted(text: String) {
        let outcome = loaded("events {}\nhttp { \(text) server { } }")
        #expect(outcome.plan != nil, "\(outcome.report)")
    }

    @Test func offOverridesOtherLogsOfLevel() throws {
        let plan = try plan(
            ofHTTP: """
                access_log /l;
                server { listen 80; access_log /a; access_log off; location /b { access_log /b; } }
                """)
        #expect(plan.settings(of: "/").accessLogs.count == 0)
        #expect(plan.settings(of: "/b").accessLogs.count == 1)
    }

    @Test func bufferBelongsToFile() throws {
        let plan = try plan(
            ofHTTP: """
                access_log /l combined gzip flush=2s; access_log /other;
                server { listen 80; location /x { access_log /l json; } }
                """)
        let index = try #require(plan.logFiles.firstIndex(of: "/l"))
        #expect(
            plan.logBuffering[index] == LogBuffering(size: 65536, flushMs: 2000, gzipLevel: 1))
        #expect(plan.settings(of: "/x").accessLogs[0].target == Int32(index))
        #expect(plan.logBuffering.compactMap { $0 }.count == 1)
    }

    @Test func cacheBelongsToItsLevel() throws {
        let plan = try plan(
            ofHTTP: """
                access_log /$host.log; open_log_file_cache max=9;
                server {
                    listen 80;
                    location /own { open_log_file_cache max=9 min_uses=2; }
                    location /off { open_log_file_cache off; }
                    location /up { access_log ../$host; }
                }
                """)
        func log(_ path: String) -> VariableLog {
            plan.variableLogs[Int(plan.settings(of: path).accessLogs[0].named)]
        }
        #expect(log("/").cache != log("/own").cache)
        #expect(log("/off").cache == -1)
        #expect(plan.logFileCaches[log("/own").cache].minUses == 2)
        #expect(log("/up").upCount == 1 && log("/").upCount == 0)
        #expect(log("/").prefix == Array("/".utf8) && log("/").suffix == Array(".log".utf8))
        #expect(log("/up").prefix == Array("/nowhere/../".utf8) && log("/up").suffix.isEmpty)
    }

    @Test func debugLevelsOfModulesAreDebug() throws {
        let outcome = loaded("error_log /l debug_http debug_event;\nevents {}")
        #expect(outcome.plan?.main.errorLogs == [ErrorLogTarget(path: "/l", level: .debug)])
    }

    @Test func rewriteLogIsAFeature() throws {
        let plan = try plan(ofServer: "location /x { rewrite_log on; }")
        #expect(plan.settings(of: "/x").features.contains(.logsRewrites))
        #expect(!plan.settings(of: "/").features.contains(.logsRewrites))
    }
}
