import Foundation
import Testing

@testable import Server

/// Complete reports about invalid configurations, as they are printed.
@Suite struct ConfigurationLoaderTests {
    private static let cases: [(text: String, report: String)] = [
        (
            "worker_procesess 2;\nevents { }\n",
            """
            /nowhere/apus.conf:1:1: error: unknown directive "worker_procesess"
            worker_procesess 2;
            ^~~~~~~~~~~~~~~~
            help: did you mean "worker_processes"?
            """
        ),
        (
            "events { }\nhttp {\n    listen 80;\n}\n",
            """
            /nowhere/apus.conf:3:5: error: "listen" directive is not allowed here
                listen 80;
                ^~~~~~
            help: it is allowed in server
            """
        ),
        (
            "events { }\nhttp { server { location /a { } location /a { } } }\n",
            """
            /nowhere/apus.conf:2:42: error: duplicate location "/a"
            http { server { location /a { } location /a { } } }
                                                     ^~
            """
        ),
        (
            "events { }\nhttp { log_format main '$status'; access_log /x.log mian; server { } }\n",
            """
            /nowhere/apus.conf:2:53: error: unknown log format "mian"
            http { log_format main '$status'; access_log /x.log mian; server { } }
                                                                ^~~~
            help: did you mean "main"?
            """
        ),
        (
            "events { }\nhttp { log_format m '$statsu'; access_log /x.log m; server { } }\n",
            """
            /nowhere/apus.conf:2:21: error: unknown "statsu" variable
            http { log_format m '$statsu'; access_log /x.log m; server { } }
                                ^~~~~~~~~
            help: did you mean "$status"?
            """
        ),
        (
            "events { }\nhttp { server { listen 80; listen *:80; } }\n",
            """
            /nowhere/apus.conf:2:35: error: a duplicate listen 0.0.0.0:80
            http { server { listen 80; listen *:80; } }
                                              ^~~~
            help: each address is allowed once per server
            """
        ),
        (
            "events { }\nhttp { server { listen 0; } }\n",
            """
            /nowhere/apus.conf:2:24: error: invalid port in "0" of the "listen" directive: a port \
            is a number from 1 to 65535
            http { server { listen 0; } }
                                   ^
            """
        ),
        (
            """
            events { }
            http {
                server { listen 80 default_server; }
                server { listen 80 default_server; }
            }
            """,
            """
            /nowhere/apus.conf:4:14: error: a duplicate default server for 0.0.0.0:80
                server { listen 80 default_server; }
                         ^~~~~~
            """
        ),
        (
            """
            events { }
            http {
                server { listen 80 backlog=1; }
                server { listen 80 backlog=2; }
            }
            """,
            """
            /nowhere/apus.conf:4:14: error: duplicate listen options for 0.0.0.0:80
                server { listen 80 backlog=2; }
                         ^~~~~~
            """
        ),
        (
            "events { }\nhttp { server { listen 443 ssl; } }\n",
            """
            /nowhere/apus.conf:2:28: error: the "ssl" parameter is refused: apus serves files \
            over HTTP/1.1 in clear text
            http { server { listen 443 ssl; } }
                                       ^~~
            help: terminate TLS in front of apus (hitch, stunnel, HAProxy, Caddy, nginx, a load \
            balancer) and let it connect to a "listen" without this parameter
            """
        ),
        (
            "events { }\nhttp { server { location /a { alias /x; root /y; } } }\n",
            """
            /nowhere/apus.conf:2:41: error: "root" directive is duplicate, "alias" directive was \
            specified earlier
            http { server { location /a { alias /x; root /y; } } }
                                                    ^~~~
            """
        ),
        (
            "events { }\nhttp { server { location /a { location /b { } } } }\n",
            """
            /nowhere/apus.conf:2:31: error: location "/b" is outside location "/a"
            http { server { location /a { location /b { } } } }
                                          ^~~~~~~~
            """
        ),
        (
            "events { }\nhttp { server { location = /a { location /a/b { } } } }\n",
            """
            /nowhere/apus.conf:2:33: error: location "/a/b" cannot be inside the exact location "/a"
            http { server { location = /a { location /a/b { } } } }
                                            ^~~~~~~~
            """
        ),
        (
            "events { }\nhttp { server { location ~ a( { } } }\n",
            """
            /nowhere/apus.conf:2:28: error: missing closing parenthesis in the regular \
            expression "a("
            http { server { location ~ a( { } } }
                                       ^~
            """
        ),
        (
            "events { }\nhttp { gzip maybe; }\n",
            """
            /nowhere/apus.conf:2:13: error: invalid value "maybe" in "gzip" directive, it must be \
            "on" or "off"
            http { gzip maybe; }
                        ^~~~~
            """
        ),
        (
            "events { }\nhttp { client_max_body_size 1x; }\n",
            """
            /nowhere/apus.conf:2:29: error: invalid size "1x" in "client_max_body_size" directive
            http { client_max_body_size 1x; }
                                        ^~
            help: a size is a number of bytes, or of k, m or g: 512, 8k, 2g
            """
        ),
        (
            "events { }\nhttp { sendfile on; sendfile off; }\n",
            """
            /nowhere/apus.conf:2:21: error: "sendfile" directive is duplicate
            http { sendfile on; sendfile off; }
                                ^~~~~~~~
            /nowhere/apus.conf:2:8: note: it was first given here
            http { sendfile on; sendfile off; }
                   ^~~~~~~~
            """
        ),
        (
            "events { }\nhttp { include missing.conf; }\n",
            """
            /nowhere/apus.conf:2:16: error: cannot read "missing.conf": open() \
            "/nowhere/missing.conf" failed (2: No such file or directory)
            http { include missing.conf; }
                           ^~~~~~~~~~~~
            """
        ),
        (
            "events { }\nhttp { server {\n",
            """
            /nowhere/apus.conf:2:15: error: unexpected end of file: the block of "server" that \
            was opened here is not closed
            http { server {
                          ^
            help: a "}" is missing
            /nowhere/apus.conf:2:6: error: unexpected end of file: the block of "http" that was \
            opened here is not closed
            http { server {
                 ^
            help: a "}" is missing
            """
        ),
    ]

    @Test(arguments: cases)
    func errorIsShownWithPlace(text: String, report: String) {
        let outcome = loaded(text)
        #expect(outcome.plan == nil)
        #expect(outcome.report == report + "\n")
    }

    @Test func duplicateServerNameIsWarning() throws {
        let outcome = loaded(
            """
            events { }
            http {
                server { listen 80; server_name a.test b.test; }
                server { listen 80; server_name B.test; }
            }
            """)
        let plan = try #require(outcome.plan)
        #expect(plan.serverName(of: "b.test", at: plan.listens[0].servers) == "a.test")
        #expect(
            outcome.report == """
                /nowhere/apus.conf:4:37: warning: conflicting server name "B.test" on 0.0.0.0:80, \
                ignored
                    server { listen 80; server_name B.test; }
                                                    ^~~~~~

                """)
    }

    @Test func allErrorsAreReported() {
        let outcome = loaded("events { }\nhttp {\n  foo 1;\n  gzip 2;\n  server { bar; }\n}\n")
        for part in [":3:3: error", ":4:8: error", ":5:12: error"] {
            #expect(outcome.report.contains(part), "\(outcome.report)")
        }
    }

    @Test func globalDirectivesComeFirst() throws {
        var request = LoadRequest(
            path: "apus.conf", text: Array("events { } http { }".utf8), prefix: "/nowhere",
            globals: "worker_processes 3; pid /x.pid;")
        let plan = try #require(ConfigurationLoader.load(request).plan)
        #expect(plan.main.workerProcesses == 3 && plan.main.pidPath == "/x.pid")
        request.globals = "worker_processes many;"
        let outcome = ConfigurationLoader.load(request)
        #expect(outcome.plan == nil)
        #expect(outcome.report.hasPrefix("command line:1:18: error: "))
    }

    @Test(arguments: [("conf/apus.conf", true), ("/nowhere/conf/apus.conf", false)])
    func unreadableRelativePathIsExplained(path: String, isExplained: Bool) throws {
        let options = try CommandLineOptions.parse(["apus", "-c", path, "-p", "/nowhere"])
        let outcome = ConfigurationLoader.load(options.loadRequest(BuildPaths(), in: "/"))
        let error = "error: cannot read \"/nowhere/conf/apus.conf\": "
        #expect(outcome.report.hasPrefix(error), "\(outcome.report)")
        #expect(outcome.report.contains("help: a relative -c") == isExplained)
    }

    @Test func validConfigurationReportsNothing() throws {
        let outcome = loaded("events { }\nhttp { server { listen 80; } }\n")
        #expect(outcome.report.isEmpty)
        #expect(outcome.dump.map(\.name) == ["/nowhere/apus.conf"])
        #expect(outcome.plan?.listens.count == 1)
    }

    @Test func includedFilesAreReadAndNamed() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.path + "/sites", withIntermediateDirectories: false)
        for (name, text) in [("sites/b.conf", "server { listen 82; }"), ("sites/a.conf", "foo;")] {
            try text.write(toFile: directory.path + "/" + name, atomically: false, encoding: .utf8)
        }
        let outcome = ConfigurationLoader.load(
            LoadRequest(
                path: directory.path + "/apus.conf",
                text: Array("events { } http { include sites/*.conf; }".utf8), prefix: "/"))
        #expect(outcome.dump.count == 3)
        #expect(outcome.report.hasPrefix("\(directory.path)/sites/a.conf:1:1: error: unknown"))
    }

    @Test func missingMainFileIsNamed() {
        let outcome = ConfigurationLoader.load(
            LoadRequest(path: "/nowhere/apus.conf", prefix: "/nowhere"))
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains("\"/nowhere/apus.conf\" failed (2: No such file"))
    }
}
