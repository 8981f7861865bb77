import Foundation
import Glibc
import Testing

/// The command line that scripts and service units for nginx use.
@Suite struct CommandLineTests {
    private func directory(with configuration: String) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let text = TestServer.fill(configuration, directory: directory, ports: FreePorts.take(3))
        try text.write(toFile: directory.path + "/test.conf", atomically: false, encoding: .utf8)
        return directory
    }

    private func start(_ directory: TemporaryDirectory, _ more: [String] = []) throws -> ShellResult
    {
        try run(Product.binary, TestServer.commandLine(directory) + more, seconds: 30)
    }

    @Test func version() throws {
        let short = try run(Product.binary, ["-v"])
        #expect(short.succeeded)
        #expect(short.error.hasPrefix("\(Product.name) version: \(Product.name)/"))
        #expect(short.error.split(separator: "\n").count == 1)
        let long = try run(Product.binary, ["-V"])
        #expect(long.succeeded)
        #expect(long.error.hasPrefix(short.error))
        #expect(long.error.count > short.error.count)
    }

    @Test(arguments: ["-h", "-?"])
    func help(option: String) throws {
        let result = try run(Product.binary, [option])
        #expect(result.succeeded)
        let text = result.error + result.output
        for option in ["-c", "-t", "-T", "-q", "-s", "-p", "-e", "-g", "-v", "-V"] {
            #expect(text.contains(option))
        }
    }

    @Test(arguments: [["-z"], ["-c"], ["-s", "jump"], ["-s"], ["stray"]])
    func invalidOptionIsReported(words: [String]) throws {
        let result = try run(Product.binary, words)
        #expect(result.exit == .code(1))
        #expect(result.error.contains(Product.name + ": "))
    }

    @Test func configurationTestReportsSuccess() throws {
        let directory = try directory(with: TestServer.configuration())
        let result = try start(directory, ["-t"])
        #expect(result.succeeded)
        let path = directory.path + "/test.conf"
        #expect(result.error.contains("the configuration file \(path) syntax is ok"))
        #expect(result.error.contains("configuration file \(path) test is successful"))
        let quiet = try start(directory, ["-t", "-q"])
        #expect(quiet.succeeded && quiet.error.isEmpty && quiet.output.isEmpty)
        let joined = try run(Product.binary, ["-tq", "-c\(path)", "-p\(directory.path)"])
        #expect(joined.succeeded && joined.error.isEmpty)
        #expect(unsafe access(directory.path + "/server.pid", F_OK) != 0 || !Product.isApus)
    }

    @Test func dumpPrintsAllFiles() throws {
        let directory = try directory(with: TestServer.prelude() + "http { include part.conf; }")
        let part = "server { listen 127.0.0.1:\(FreePorts.take(1)[0]); } # a remark\n"
        try part.write(toFile: directory.path + "/part.conf", atomically: false, encoding: .utf8)
        let result = try start(directory, ["-T"])
        #expect(result.succeeded)
        #expect(result.output.contains("# configuration file \(directory.path)/test.conf:\n"))
        #expect(
            result.output.contains("# configuration file \(directory.path)/part.conf:\n" + part))
    }

    @Test(arguments: [
        ("http { }\nnonsense on;\n", "nonsense", 9),
        ("http {\n  server {\n    rooot /x;\n  }\n}", "rooot", 10),
        ("http {\n  root a b;\n}", "root", 9),
        ("http {\n  sendfile maybe;\n}", "maybe", 9),
        ("http {\n  listen 80;\n}", "listen", 9),
        ("http {\n  root /a;\n  root /b;\n}", "root", 10),
        ("http {\n  keepalive_timeout 5parsecs;\n}", "keepalive_timeout", 9),
        ("http {\n  include DIR/none.conf;\n}", "none.conf", 9),
        ("http {\n  server { listen 127.0.0.1:99999; }\n}", "99999", 9),
        ("http {\n  server {\n", "end of file", nil),
        ("http {\n  root \"/a;\n}", "\"", nil),
        ("http { } }\n", "}", 8),
        ("http {\n  access_log DIR/a.log nosuch;\n}", "nosuch", 9),
    ])
    func testFailsForUnusableConfiguration(text: String, named: String, line: Int?) throws {
        let directory = try directory(with: TestServer.prelude() + "\n" + text)
        for arguments in [["-t"], []] {
            let result = try start(directory, arguments)
            #expect(result.exit == .code(1), "\(arguments)")
            #expect(result.error.contains(Product.isApus ? "error: " : "[emerg]"))
            #expect(result.error.contains(named), "\(result.error)")
            #expect(result.error.contains("test.conf:"), "\(result.error)")
            if let line { #expect(result.error.contains("test.conf:\(line)"), "\(result.error)") }
        }
        #expect(unsafe access(directory.path + "/server.pid", F_OK) != 0)
    }

    @Test(.enabled(if: Product.isApus, "nginx says less"))
    func errorShowsPlaceAndSuggestion() throws {
        let directory = try directory(
            with: TestServer.prelude() + "\nhttp {\n    server {\n        roott /x;\n    }\n}")
        let result = try start(directory, ["-t"])
        #expect(result.exit == .code(1))
        #expect(result.error.contains("test.conf:10:9"))
        #expect(result.error.contains("        roott /x;"))
        #expect(result.error.contains("^"))
        #expect(result.error.contains("\"root\""))
    }

    @Test func badConfigurationBindsNothing() throws {
        let port = FreePorts.take(1)[0]
        let directory = try directory(
            with: TestServer.prelude()
                + "http { server { listen 127.0.0.1:\(port); } nonsense; }")
        #expect(try start(directory).exit == .code(1))
        #expect(FreePorts.isFree(port))
    }

    @Test func missingConfigurationIsReported() throws {
        let directory = try TemporaryDirectory()
        let result = try start(directory)
        #expect(result.exit == .code(1))
        #expect(result.error.contains("test.conf"))
        #expect(result.error.contains("No such file or directory"))
    }

    @Test func portInUseIsReported() throws {
        let port = FreePorts.take(1)[0]
        let taken = try #require(TakenPort(port))
        let directory = try directory(
            with: TestServer.prelude() + "http { server { listen 127.0.0.1:\(port); } }")
        let result = try start(directory)
        #expect(result.exit == .code(1))
        #expect(result.error.contains("127.0.0.1:\(port)"))
        #expect(result.error.contains("Address already in use"))
        #expect(unsafe access(directory.path + "/server.pid", F_OK) != 0)
        withExtendedLifetime(taken) {}
    }

    @Test func globalDirectivesAreApplied() throws {
        let configuration = TestServer.configuration()
            .replacingOccurrences(of: "daemon off;", with: "")
            .replacingOccurrences(of: "worker_processes 1;", with: "")
        let server = try TestServer(
            configuration: configuration, files: ["a": "hello"],
            arguments: ["-g", "daemon off; worker_processes 2;"])
        #expect(try server.waitForWorkers(2).count == 2)
        #expect(try server.fetch("/a").text == "hello")
        let bad = try start(server.directory, ["-t", "-g", "nonsense;"])
        #expect(bad.exit == .code(1))
        #expect(bad.error.contains("command line"))
    }

    /// Root names a user for its workers, which must exist before they are started.
    @Test(.enabled(if: getuid() == 0))
    func configurationTestChecksUser() throws {
        let directory = try directory(with: "user nobody-of-this-name;\nevents { }\n")
        let result = try start(directory, ["-t"])
        #expect(result.exit == .code(1))
        #expect(result.error.contains("nobody-of-this-name"))
    }

    @Test func reloadCommandWaitsForResult() throws {
        let server = try TestServer(files: ["a": "hello"])
        let before = try server.waitForWorkers(1)
        try server.rewrite(TestServer.configuration("location = /new { alias ROOT/a; }"))
        #expect(try start(server.directory, ["-s", "reload"]).succeeded)
        try waitFor("the new response") { try server.fetch("/new").text == "hello" }
        try waitFor("the old worker to exit") { Set(server.workers).isDisjoint(with: before) }
        try server.rewrite("nonsense;")
        #expect(try start(server.directory, ["-s", "reload"]).exit == .code(1))
        #expect(try server.fetch("/new").text == "hello")
    }

    @Test func stopCommandStopsServer() throws {
        let server = try TestServer(files: ["a": "hello"])
        #expect(try start(server.directory, ["-s", "stop"]).succeeded)
        #expect(try server.process.waitForExit() == .code(0))
        let again = try start(server.directory, ["-s", "stop"])
        #expect(again.exit == .code(1))
        #expect(again.error.contains("server.pid"))
    }

    @Test func includePatternMatchesFiles() throws {
        let configuration =
            TestServer.prelude() + """
                http { server { listen 127.0.0.1:PORT; root ROOT; include conf.d/*.conf; } }
                """
        let server = try TestServer(configuration: configuration, files: ["a": "hello"]) {
            let directory = $0.path + "/conf.d"
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: false)
            for name in ["one", "two"] {
                try "location = /\(name) { alias \($0.root)/a; }".write(
                    toFile: "\(directory)/\(name).conf", atomically: false, encoding: .utf8)
            }
            try "nonsense".write(
                toFile: directory + "/not.included", atomically: false, encoding: .utf8)
        }
        #expect(try server.fetch("/one").text == "hello")
        #expect(try server.fetch("/two").text == "hello")
    }

    @Test func quotesEscapesAndCommentsAreParsed() throws {
        let server = try TestServer(
            """
            # a remark with { and ;
            location /q/ { alias "ROOT/with space/"; } # after
            location /s/ { alias 'ROOT/with space/'; }
            location "/e e/" { alias "ROOT/with space/"; }
            """, files: ["with space/a": "hello"])
        for target in ["/q/a", "/s/a", "/e%20e/a"] {
            #expect(try server.fetch(target).text == "hello", "\(target)")
        }
    }
}
