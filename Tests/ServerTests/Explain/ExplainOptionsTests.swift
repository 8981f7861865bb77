import Testing

@testable import Server

@Suite struct ExplainOptionsTests {
    @Test(arguments: [
        (["http://a/"], "GET", "http://a/", []),
        (["HEAD", "a"], "HEAD", "a", []),
        (["VERSION-CONTROL", "a"], "VERSION-CONTROL", "a", []),
        (["-c", "x.conf", "a", "-H", "B: c", "-HD:e"], "GET", "a", ["B: c", "D:e"]),
    ])
    func requestIsParsed(
        arguments: [String], method: String, url: String, fields: [String]
    ) throws {
        let options = try ExplainOptions.parse(["explain"] + arguments)
        #expect(options.method == method)
        #expect(options.url == url)
        #expect(options.fields == fields)
        #expect(!options.showsUsage)
    }

    @Test func serverOptionsAreParsed() throws {
        let words = ["-c", "x.conf", "-p", "/p", "-g", "user me;", "--from", "192.0.2.1", "a"]
        let options = try ExplainOptions.parse(["explain"] + words)
        #expect(options.server.configuration == "x.conf")
        #expect(options.server.prefix == "/p")
        #expect(options.server.globals == "user me;")
        #expect(options.client == "192.0.2.1")
        #expect(try ExplainOptions.parse(["explain", "--help"]).showsUsage)
    }

    @Test(arguments: [
        ([], "a URL is missing"),
        (["a", "b", "c"], "one URL at a time"),
        (["get", "a"], "in capitals"), (["", "a"], "in capitals"),
        (["a", "-H"], "option \"-H\" requires a field"),
        (["a", "-H", "b"], "\"Name: value\""), (["a", "-H", ": b"], "\"Name: value\""),
        (["a", "-H", "b: c\r\nd: e"], "\"Name: value\""),
        (["a", "--from"], "requires an address"),
        (["a", "-x"], "invalid option"), (["a", "-c"], "requires file name"),
    ])
    func invalidArgumentsAreRefused(arguments: [String], message: String) {
        #expect {
            try ExplainOptions.parse(["explain"] + arguments)
        } throws: {
            "\($0)".contains(message)
        }
    }
}

@Suite struct RequestURLTests {
    @Test(arguments: [
        ("http://example.com", "example.com", 80, "/", "example.com"),
        ("http://example.com/", "example.com", 80, "/", "example.com"),
        ("HTTP://Example.com:8080/a/b?c=d#e", "Example.com", 8080, "/a/b?c=d", "Example.com:8080"),
        ("http://example.com?a=/b", "example.com", 80, "/?a=/b", "example.com"),
        ("example.com:81/x", "example.com", 81, "/x", "example.com:81"),
        ("localhost", "localhost", 80, "/", "localhost"),
        ("http://[::1]/x", "[::1]", 80, "/x", "[::1]"),
        ("http://[::1]:8080", "[::1]", 8080, "/", "[::1]:8080"),
        ("http://a//b/../%2e%2E/c:d", "a", 80, "//b/../%2e%2E/c:d", "a"),
    ])
    func urlIsParsed(
        text: String, host: String, port: UInt16, target: String, authority: String
    ) throws {
        let url = try RequestURL(text)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.target == target)
        #expect(url.authority == authority)
    }

    @Test(arguments: [
        ("https://example.com/", "use http://"),
        ("ftp://example.com/", "begins with http://"),
        ("", "names a host"), ("http://", "names a host"), ("/index.html", "names a host"),
        ("http://:80/", "names a host"), ("http://[::1/", "names a host"),
        ("http://a:0/", "invalid port \"0\""), ("http://a:65536/", "invalid port \"65536\""),
        ("http://a:+80/", "invalid port \"+80\""), ("http://a:/", "invalid port \"\""),
        ("http://me:secret@a/", "-H \"Authorization"),
        ("http://a/b c", "%20"), ("http://a/b\u{7F}", "%20"), ("http://a\tb/", "invalid host"),
    ])
    func invalidURLIsReported(text: String, message: String) {
        #expect {
            _ = try RequestURL(text)
        } throws: {
            "\($0)".contains(message)
        }
    }
}
