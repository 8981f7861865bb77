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
