import Files
import HTTP
import Linux
import Testing

@testable import Server

/// Settings of a level, and those that it inherits.
@Suite struct LocationCompilerTests {
    @Test func defaultsAreNginxs() throws {
        let plan = try plan(ofServer: "")
        let settings = plan.settings(of: "/")
        #expect(settings.root.text == "/nowhere/html")
        #expect(settings.indexes.map { $0.constant?.text } == ["index.html"])
        #expect(settings.defaultType.text == "text/plain")
        #expect(settings.maxBodySize == 1 << 20)
        #expect(settings.maxRanges == .max)
        #expect(settings.sendfileMaxChunk == 128 << 10)
        #expect(settings.modifiedSince == .exact)
        #expect(settings.links == .follow)
        #expect(
            settings.features
                == [
                    .exactSize, .etag, .serverTokens, .logsNotFound, .absoluteRedirect,
                    .portInRedirect, .warnsOfUnset, .padsErrorPages,
                ])
        #expect(plan.main.workerProcesses == 1)
        #expect(plan.main.workerConnections == 512)
        #expect(plan.main.isDaemon && plan.main.usesMasterProcess && !plan.main.acceptsMany)
        let limits = plan.servers[0].limits
        #expect(limits.requestLine == 8192 && limits.fieldLine == 8192)
        #expect(limits.head == 1024 + 4 * 8192 && limits.fields == 1000)
        #expect(!limits.allowsUnderscores && limits.dropsInvalidNames)
        #expect(plan.servers[0].headerBufferSize == 1024 && plan.servers[0].mergesSlashes)
    }

    @Test func timeoutDefaultsAreNginxs() throws {
        let plan = try plan(ofServer: "")
        let timeouts = plan.settings(of: "/").timeouts
        let ms = { (list: UInt16) in plan.durationsMs[Int(list)] }
        #expect(ms(timeouts.header) == 60_000)
        #expect(ms(timeouts.body) == 60_000)
        #expect(ms(timeouts.send) == 60_000)
        #expect(ms(timeouts.keepalive) == 75_000)
        #expect(ms(timeouts.lingering) == 5_000)
        #expect(timeouts.lingeringTimeMs == 30_000)
        #expect(timeouts.keepaliveTimeMs == 3_600_000)
        #expect(timeouts.keepaliveRequests == 1000)
        #expect(timeouts.keepsAlive && timeouts.keepaliveFieldSeconds == 0)
        #expect(timeouts.lingeringClose == .whenUnread)
        // There is one list of deadlines per duration, not per directive.
        #expect(Set(plan.durationsMs).count == plan.durationsMs.count)
    }

    @Test func gzipDefaultsAreNginxs() throws {
        let plan = try plan(ofServer: "")
        let gzip = plan.gzips[Int(plan.settings(of: "/").gzip)]
        #expect(gzip.level == 1 && gzip.minLength == 20 && !gzip.compressesAllTypes)
        #expect(gzip.types.map(\.text) == ["text/html"])
        #expect(gzip.minVersion == .http11 && gzip.proxied == [] && gzip.staticMode == .off)
        #expect(gzip.disabledCount == 0)
    }

    @Test func ownRootInheritsOtherSettings() throws {
        let plan = try plan(
            ofHTTP: """
                root /http; index a.html b.html; etag off; client_max_body_size 7;
                server {
                    listen 80; max_ranges 3;
                    location /x { root /x; }
                    location /y/ { alias /somewhere/; location /y/z { etag on; } }
                }
                """)
        let inner = plan.settings(of: "/x")
        #expect(inner.root.text == "/x")
        #expect(inner.indexes.map { $0.constant?.text } == ["a.html", "b.html"])
        #expect(!inner.features.contains(.etag) && inner.aliasReplaces == 0)
        #expect(inner.maxBodySize == 7 && inner.maxRanges == 3)
        #expect(plan.settings(of: "/").root.text == "/http")
        #expect(plan.settings(of: "/y/").aliasReplaces == 3)
        #expect(plan.settings(of: "/y/").root.text == "/somewhere/")
        // The alias is inherited, like everything else.
        let nested = plan.settings(of: "/y/z")
        #expect(nested.aliasReplaces == 3 && nested.features.contains(.etag))
        #expect(nested.root.text == "/somewhere/" && nested.maxBodySize == 7)
    }

    @Test(arguments: [
        ("root /srv/;", "/srv"), ("root /srv;", "/srv"), ("root srv;", "/nowhere/srv"),
        ("root /;", ""), ("root \"/a b\";", "/a b"),
    ])
    func rootIsAbsoluteWithoutTrailingSlash(directive: String, root: String) throws {
        let plan = try plan(ofServer: directive)
        #expect(plan.settings(of: "/").root.text == root)
        withExtendedLifetime(plan) {}
    }

    @Test func aliasInRegexLocationIsWholePath() throws {
        let plan = try plan(ofServer: "location ~ ^/one$ { alias /file; }")
        #expect(plan.settings(of: "/one").features.contains(.aliasIsWholePath))
    }

    @Test func accessLogsAreReplacedTogether() throws {
        let plan = try plan(
            ofHTTP: """
                log_format own "$status";
                access_log /logs/http.log; access_log /logs/own.log own;
                server {
                    listen 80;
                    location /off { access_log off; location /off/on { access_log /logs/in.log; } }
                    location /other { access_log /logs/http.log own; }
                }
                """)
        func logs(_ path: String) -> [String] {
            plan.settings(of: path).accessLogs.map {
                "\(plan.logFiles[Int($0.target)]) \($0.format)"
            }
        }
        #expect(logs("/") == ["/logs/http.log 1", "/logs/own.log 0"])
        #expect(logs("/off").isEmpty)
        #expect(logs("/off/on") == ["/logs/in.log 1"])
        #expect(logs("/other") == ["/logs/http.log 0"])
        // Each file is opened once.
        #expect(plan.logFiles.sorted() == ["/logs/http.log", "/logs/in.log", "/logs/own.log"])
    }

    @Test func errorLogsAreReplacedTogether() throws {
        let outcome = loaded(
            """
            error_log /logs/main.log warn;
            events { }
            http { server { listen 80; location /x { error_log /logs/x.log debug; } } }
            """)
        let plan = try #require(outcome.plan)
        let targets = { (path: String) in plan.errorLogs[Int(plan.settings(of: path).errorLog)] }
        #expect(targets("/") == [ErrorLogTarget(path: "/logs/main.log", level: .warn)])
        #expect(targets("/x") == [ErrorLogTarget(path: "/logs/x.log", level: .debug)])
        #expect(plan.main.errorLogs == targets("/"))
    }

    @Test func gzipTypesAlwaysIncludeHTML() throws {
        let plan = try plan(
            ofHTTP: """
                gzip on; gzip_types text/css Text/Plain; gzip_comp_level 6;
                server {
                    listen 80;
                    location /a { gzip_types application/json; gzip_static on; }
                    location /b { gzip off; gzip_min_length 1k; gzip_proxied expired auth; }
                    location /all { gzip_types *; gzip_disable msie6 "Bot"; }
                }
                """)
        func gzip(_ path: String) -> GzipPlan { plan.gzips[Int(plan.settings(of: path).gzip)] }
        #expect(gzip("/").types.map(\.text) == ["text/css", "text/html", "text/plain"])
        #expect(gzip("/a").types.map(\.text) == ["application/json", "text/html"])
        #expect(gzip("/a").level == 6 && gzip("/a").staticMode == .on)
        let features = plan.settings(of: "/a").features
        #expect(features.contains(.gzip) && features.contains(.sidecars))
        #expect(!plan.settings(of: "/b").features.contains(.gzip))
        #expect(gzip("/b").minLength == 1024 && gzip("/b").proxied == [.expired, .authorized])
        #expect(gzip("/b").types.map(\.text) == gzip("/").types.map(\.text))
        #expect(gzip("/all").compressesAllTypes && gzip("/all").disabledCount == 2)
    }

    @Test func typesAreReplacedTogether() throws {
        let plan = try plan(
            ofHTTP: """
                types { text/x-a a A2; }
                types { text/x-b b; }
                server {
                    listen 80;
                    location /own { types { text/x-c c; } default_type x/y; }
                    location /none { types { } default_type x/z; }
                }
                """)
        func type(_ name: String, at path: String) -> String {
            let settings = plan.settings(of: path)
            let index = plan.types[Int(settings.types)].type(forPath: Array(name.utf8).span)
            return index < 0
                ? settings.defaultType.text
                : plan.typeNames[Int(settings.types)][Int(index)].text
        }
        #expect(type("/x.a", at: "/") == "text/x-a")
        #expect(type("/x.a2", at: "/") == "text/x-a")
        #expect(type("/x.B", at: "/") == "text/x-b")
        #expect(type("/x.html", at: "/") == "text/plain")
        #expect(type("/x.c", at: "/own") == "text/x-c")
        #expect(type("/x.a", at: "/own") == "x/y")
        #expect(type("/x.a", at: "/none") == "x/z")
    }

    @Test func builtInTypesAreNginxs() throws {
        let plan = try plan(ofServer: "")
        let settings = plan.settings(of: "/")
        let types = plan.types[Int(settings.types)]
        for (path, known) in [
            ("/a.html", true), ("/a.gif", true), ("/a.jpg", true), ("/a.css", false),
        ] {
            #expect((types.type(forPath: Array(path.utf8).span) >= 0) == known)
        }
    }

    @Test func timeoutsAreInherited() throws {
        let plan = try plan(
            ofHTTP: """
                keepalive_timeout 10 20; send_timeout 2s; lingering_close always;
                server {
                    listen 80;
                    location /a { keepalive_timeout 5; }
                    location /b { keepalive_timeout 0; client_body_timeout 90s; }
                }
                """)
        let ms = { (list: UInt16) in plan.durationsMs[Int(list)] }
        let outer = plan.settings(of: "/").timeouts
        #expect(ms(outer.keepalive) == 10_000 && outer.keepaliveFieldSeconds == 20)
        let inner = plan.settings(of: "/a").timeouts
        #expect(ms(inner.keepalive) == 5_000 && inner.keepaliveFieldSeconds == 0)
        #expect(ms(inner.send) == 2_000 && inner.lingeringClose == .always)
        let closing = plan.settings(of: "/b").timeouts
        #expect(!closing.keepsAlive && ms(closing.body) == 90_000)
    }
}
