import Linux
import Server
import Testing

/// Serialized, since getopt_long(3) has one state per process.
@Suite(.serialized) struct CommandLineTests {
    private static func options(
        _ change: (inout CommandLineOptions) -> Void
    ) -> CommandLineOptions {
        var options = CommandLineOptions()
        change(&options)
        return options
    }

    @Test(arguments: [
        ([], options { _ in }),
        (["-v"], options { $0.showsVersion = true }),
        (["--version"], options { $0.showsVersion = true }),
        (["-V"], options { ($0.showsVersion, $0.showsBuild) = (true, true) }),
        (["-h"], options { ($0.showsVersion, $0.showsUsage) = (true, true) }),
        (["-?"], options { ($0.showsVersion, $0.showsUsage) = (true, true) }),
        (["--help"], options { ($0.showsVersion, $0.showsUsage) = (true, true) }),
        (["-t"], options { $0.tests = true }),
        (["-tq"], options { ($0.tests, $0.isQuiet) = (true, true) }),
        (["-q", "-T"], options { ($0.tests, $0.dumps, $0.isQuiet) = (true, true, true) }),
        (["-c/path"], options { $0.configuration = "/path" }),
        (["-tc", "a b"], options { ($0.tests, $0.configuration) = (true, "a b") }),
        (["-c", "-x"], options { $0.configuration = "-x" }),
        (
            ["-p", "/srv", "-e", "stderr", "-g", "daemon off;"],
            options { ($0.prefix, $0.errorLog, $0.globals) = ("/srv", "stderr", "daemon off;") }
        ),
        (["-g", ""], options { $0.globals = "" }),
        (["-s", "stop"], options { $0.order = .stop }),
        (["-sreload"], options { $0.order = .reload }),
    ])
    func nginxOptionsAreParsed(arguments: [String], expected: CommandLineOptions) throws {
        #expect(try CommandLineOptions.parse(["apus"] + arguments) == expected)
    }

    @Test(arguments: [
        (["-x"], "invalid option: \"x\""),
        (["-tx"], "invalid option: \"x\""),
        (["--foo"], "invalid option: \"--foo\""),
        (["foo"], "invalid option: \"foo\""),
        (["-t", "--", "-v"], "invalid option: \"-v\""),
        (["-c"], "option \"-c\" requires file name"),
        (["-c", ""], "option \"-c\" requires file name"),
        (["-e"], "option \"-e\" requires file name"),
        (["-p"], "option \"-p\" requires directory name"),
        (["-g"], "option \"-g\" requires parameter"),
        (["-s"], "option \"-s\" requires parameter"),
        (["-s", "foo"], "invalid option: \"-s foo\""),
    ])
    func errorsAreNginxs(arguments: [String], message: String) {
        #expect {
            try CommandLineOptions.parse(["apus"] + arguments)
        } throws: {
            "\($0)" == message
        }
    }

    @Test(arguments: [
        (CommandLineOptions.Order.stop, Signal.terminate), (.quit, .quit), (.reload, .hangup),
        (.reopen, .user1),
    ])
    func signalNamesAreMapped(order: CommandLineOptions.Order, signal: Signal) {
        #expect(order.signal == signal)
    }

    @Test(arguments: [
        (options { _ in }, "/usr/share/apus", "/etc/apus/apus.conf", String?.none),
        (options { $0.configuration = "/x.conf" }, "/usr/share/apus", "/x.conf", nil),
        (options { $0.configuration = "x.conf" }, "/usr/share/apus", "/usr/share/apus/x.conf", nil),
        (options { $0.prefix = "/srv/" }, "/srv/", "/etc/apus/apus.conf", nil),
        (
            options { ($0.prefix, $0.configuration) = ("site", "conf/x.conf") }, "/home/me/site",
            "/home/me/site/conf/x.conf", nil
        ),
        (
            options { ($0.prefix, $0.errorLog) = ("/srv", "logs/e.log") }, "/srv",
            "/etc/apus/apus.conf", "/srv/logs/e.log"
        ),
        (options { $0.errorLog = "stderr" }, "/usr/share/apus", "/etc/apus/apus.conf", "stderr"),
    ])
    func pathsAreRelativeToPrefix(
        options: CommandLineOptions, prefix: String, path: String, errorLog: String?
    ) {
        let request = options.loadRequest(BuildPaths(), in: "/home/me")
        #expect(request.prefix == prefix)
        #expect(request.path == path)
        #expect(request.errorLogPath == errorLog)
    }

    private static let loopback: UInt32 = 0x7F00_0001

    @Test(arguments: [
        ([], ".", ListenAddress.ipv4(loopback, port: 8000)),
        (["site"], "site", .ipv4(loopback, port: 8000)),
        (["--port", "81", "site"], "site", .ipv4(loopback, port: 81)),
        (["site", "--port=65535"], "site", .ipv4(loopback, port: 65535)),
        (["--", "-site"], "-site", .ipv4(loopback, port: 8000)),
        (["--listen", "0.0.0.0"], ".", .ipv4(0, port: 8000)),
        (["--listen", "*", "--port", "9"], ".", .ipv4(0, port: 9)),
        (["--listen", "1.2.3.4:9"], ".", .ipv4(0x0102_0304, port: 9)),
        (["--listen", "1.2.3.4:80"], ".", .ipv4(0x0102_0304, port: 80)),
        (["--listen", "1.2.3.4:9", "--port", "9"], ".", .ipv4(0x0102_0304, port: 9)),
        (["--listen", "8080"], ".", .ipv4(0, port: 8080)),
        (["--listen", "[::1]"], ".", .ipv6(0, 1, port: 8000)),
        (["--listen", "[::1]:80"], ".", .ipv6(0, 1, port: 80)),
        (["--listen", "unix:/tmp/s"], ".", .unix("/tmp/s")),
    ])
    func serveParsesDirectoryAndAddress(
        arguments: [String], directory: String, address: ListenAddress
    ) throws {
        let options = try ServeOptions.parse(["serve"] + arguments)
        #expect(options.directory == directory)
        #expect(options.address == address)
        #expect(!options.showsUsage)
    }

    @Test(arguments: [
        ([], []), (["--host", "Build.Example.com"], ["build.example.com"]),
        (["--host=a_b.", "--host", "xn--e1afmkfd"], ["a_b", "xn--e1afmkfd"]),
        (["--host", "192.0.2.1"], ["192.0.2.1"]), (["--host", "2001:DB8::1"], ["[2001:db8::1]"]),
        (["--host", "[::2]"], ["[::2]"]),
    ])
    func serveParsesHosts(arguments: [String], hosts: [String]) throws {
        #expect(try ServeOptions.parse(["serve"] + arguments).hosts == hosts)
    }

    @Test(arguments: [
        ("a:80", "any port"), ("[::1]:80", "any port"), ("http://a", "without scheme"),
        ("a/b", "without scheme"), ("ä.example", "xn--"), ("", "letters"), (".", "letters"),
        ("a..b", "letters"), ("*.a", "letters"), ("a b", "letters"), ("~a", "letters"),
        ("a\"b", "letters"), ("$a", "letters"), ("a;b", "letters"),
    ])
    func serveRefusesInvalidHost(name: String, advice: String) {
        #expect {
            try ServeOptions.parse(["serve", "--host", name])
        } throws: {
            "\($0)".hasPrefix("--host \(name): ") && "\($0)".contains(advice)
        }
    }

    /// RFC 3986, section 3.2.2: an IPv6 address is enclosed in brackets.
    @Test(arguments: [
        ("::1", "an IPv6 address is written in brackets: [::1]"),
        ("2001:db8::1", "an IPv6 address is written in brackets: [2001:db8::1]"),
        (
            "::1:8080",
            "an IPv6 address is written in brackets: [::1:8080], or [::1]:8080 if 8080 is the port"
        ),
        ("::", "an IPv6 address is written in brackets: [::]"),
        ("[::1", "the closing bracket is missing"), ("::1]", "the opening bracket is missing"),
        ("::1]:80", "the opening bracket is missing"),
        ("[::1]8080", "a colon goes between the closing bracket and the port"),
        ("[::1]:", "a port is a number from 1 to 65535"),
        ("[::1]:65536", "a port is a number from 1 to 65535"),
        ("1.2.3.4:", "a port is a number from 1 to 65535"),
        ("fe80::1%eth0", "zone"), ("[fe80::1%eth0]:80", "zone"),
        ("[1.2.3.4]:80", "an IPv4 address is written without brackets"),
        (":8080", "write *:8080 for all IPv4 addresses"),
        ("http://1.2.3.4/", "write the address without \"http://\""),
        ("/run/s", "a unix socket is written as unix:/run/s"),
        ("unix:", "as in unix:/"), ("build.example", "names are not looked up"),
        ("8000-8003", "a single port is required here"),
    ])
    func serveExplainsInvalidAddress(address: String, advice: String) {
        #expect {
            try ServeOptions.parse(["serve", "--listen", address])
        } throws: {
            "\($0)".hasPrefix("--listen \(address): ") && "\($0)".contains(advice)
        }
    }

    @Test(arguments: ["--help", "-h", "-?"])
    func serveShowsHelp(option: String) throws {
        #expect(try ServeOptions.parse(["serve", option]).showsUsage)
    }

    @Test(arguments: [
        (["--port", "0"], "--port 0: a port is a number from 1 to 65535"),
        (["--port", "65536"], "--port 65536: a port is a number from 1 to 65535"),
        (["--port", "+80"], "--port +80: a port is a number from 1 to 65535"),
        (["--port="], "--port : a port is a number from 1 to 65535"),
        (["--port"], "option \"--port\" requires a number"),
        (["--listen"], "option \"--listen\" requires an address"),
        (["--host"], "option \"--host\" requires a name"),
        (
            ["--listen", "example.com"],
            "--listen example.com: host not found: names are not looked up, write the address"
        ),
        (
            ["--listen", "1.2.3.4:9", "--port", "8"],
            "--port 8: --listen 1.2.3.4:9 names another port"
        ),
        (["--listen", "unix:/s", "--port", "8"], "--port: a unix socket has no port"),
        (["a", "b"], "one directory can be served, not 2"),
        (["-c", "x"], "invalid option: \"c\""),
        (["--foo"], "invalid option: \"--foo\""),
    ])
    func serveRefusesInvalidArguments(arguments: [String], message: String) {
        #expect {
            try ServeOptions.parse(["serve"] + arguments)
        } throws: {
            "\($0)" == message
        }
    }
}
