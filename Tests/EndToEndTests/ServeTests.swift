import Foundation
import Glibc
import Testing

/// `apus serve`: a directory without a configuration.
@Suite(.enabled(if: Product.isApus, "a command of apus alone")) struct ServeTests {
    /// A running `apus serve` on a free port.
    private final class Serving {
        let directory: TemporaryDirectory
        let port: UInt16
        let process: ChildProcess

        init(_ files: [String: Fixture], inDirectory: Bool = false, more: [String] = []) throws {
            directory = try TemporaryDirectory(files: files)
            port = FreePorts.take(1)[0]
            let words =
                ["serve"] + (inDirectory ? [] : [directory.root]) + ["--port", "\(port)"] + more
            process = try ChildProcess(
                Product.binary, words, output: directory.path + "/stdout",
                error: directory.path + "/stderr", directory: inDirectory ? directory.root : nil)
            try waitFor("apus serve") {
                guard process.isRunning else {
                    throw TestServer.StartFailure(description: process.errorOutput)
                }
                return (try? RawClient(.ipv4(port))) != nil
            }
        }

        var said: String { process.output + process.errorOutput }

        func fetch(_ target: String) throws -> Response {
            let client = try RawClient(.ipv4(port), of: self)
            try client.request("GET \(target) HTTP/1.1", ["Connection: close"])
            return try client.response()
        }

        func fetch(host: String) throws -> Response {
            let client = try RawClient(.ipv4(port), of: self)
            try client.send("GET /a.txt HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
            return try client.response()
        }
    }

    @Test func addressIsPrintedAndFilesAreServed() throws {
        let serving = try Serving(["a.txt": "hello", "sub/b.css": "b {}"])
        try waitFor("the address") {
            let said = serving.said
            return said.contains(serving.directory.root)
                && (said.contains("http://127.0.0.1:\(serving.port)/")
                    || said.contains("http://localhost:\(serving.port)/"))
        }
        #expect(try serving.fetch("/a.txt").text == "hello")
        #expect(try serving.fetch("/sub/b.css")["Content-Type"] == "text/css")
        #expect(try serving.fetch("/none").status == 404)
    }

    @Test func currentDirectoryIsServedByDefault() throws {
        let serving = try Serving(["a.txt": "hello"], inDirectory: true)
        #expect(try serving.fetch("/a.txt").text == "hello")
    }

    @Test func directoriesShowIndexOrListing() throws {
        let serving = try Serving(["a.txt": "x", "site/index.html": "index", ".hidden": "x"])
        let listing = try serving.fetch("/")
        #expect(listing.status == 200)
        #expect(listing.text.contains("a.txt"))
        #expect(listing.text.contains("site/"))
        #expect(!listing.text.contains("hidden"))
        #expect(try serving.fetch("/site/").text == "index")
        #expect(try serving.fetch("/site").status == 301)
    }

    @Test(arguments: ["/.hidden", "/.git/config", "/sub/.env", "/%2ehidden", "/.git/"])
    func hiddenFilesAreNotServed(target: String) throws {
        let serving = try Serving([".hidden": "x", ".git/config": "x", "sub/.env": "x"])
        let status = try serving.fetch(target).status
        #expect(status == 404 || status == 403)
    }

    @Test func linksOutOfDirectoryAreRefused() throws {
        let serving = try Serving(["in.txt": "inside", "sub/x": "x"])
        try "secret".write(
            toFile: serving.directory.path + "/secret.txt", atomically: false, encoding: .utf8)
        try serving.directory.link("out.txt", to: serving.directory.path + "/secret.txt")
        try serving.directory.link("up.txt", to: "../secret.txt")
        try serving.directory.link("dir", to: "/etc")
        try serving.directory.link("good.txt", to: "in.txt")
        for target in ["/out.txt", "/up.txt", "/dir/passwd", "/dir/", "/../secret.txt"] {
            let response = try serving.fetch(target)
            #expect([400, 403, 404].contains(response.status), "\(target)")
            #expect(!response.text.contains("secret") && !response.text.contains("root:"))
        }
        #expect(try serving.fetch("/good.txt").text == "inside")
    }

    @Test func listensOnLoopbackByDefault() throws {
        let serving = try Serving(["a.txt": "x"])
        let listeners = try run("ss", ["-tlnH", "sport = :\(serving.port)"]).output
        #expect(listeners.contains("127.0.0.1:\(serving.port)"))
        #expect(!listeners.contains("0.0.0.0:\(serving.port)"))
        #expect(!listeners.contains("*:\(serving.port)"))
        #expect(!listeners.contains("[::]:\(serving.port)"))
        let open = try Serving(["a.txt": "x"], more: ["--listen", "0.0.0.0"])
        let all = try run("ss", ["-tlnH", "sport = :\(open.port)"]).output
        #expect(all.contains("0.0.0.0:\(open.port)"))
    }

    /// A web page whose host name resolves to this machine cannot read the files.
    @Test func unknownHostOnLoopbackIs421() throws {
        let serving = try Serving(["a.txt": "hello"])
        let accepted = [
            "localhost", "LocalHost:1", "a.b.localhost:8000", "localhost.", "127.0.0.1",
            "127.255.1.2:99", "[::1]", "[::1]:8000", "[0:0:0:0:0:0:0:1]",
        ]
        for host in accepted { #expect(try serving.fetch(host: host).text == "hello", "\(host)") }
        let refused = [
            "evil.example", "evil.example:\(serving.port)", "127.0.0.1.evil.example",
            "localhost.evil.example", "evillocalhost", "127.0.0.1.1", "1.2.3.4", "127.1.evil",
            "[::2]", "[::11]", "[2001:db8::1]", "127.0.0.999", "127.0.0.256", "127.1",
        ]
        for host in refused {
            let response = try serving.fetch(host: host)
            #expect(response.status == 421, "\(host)")
            #expect(response.reason == "Misdirected Request")
            #expect(response["Content-Type"] == "text/plain")
            #expect(response.text.contains("apus serve --host NAME"))
        }
        let options = try RawClient(.ipv4(serving.port))
        try options.send("OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        #expect(try options.response().status == 421)
        try options.send("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try options.response().status == 204)
        // Without Host, which HTTP/1.0 allows.
        let client = try RawClient(.ipv4(serving.port))
        try client.send("GET /a.txt HTTP/1.0\r\n\r\n")
        #expect(try client.response().text == "hello")
    }

    @Test func hostOptionAcceptsNames() throws {
        let serving = try Serving(
            ["a.txt": "hello"], more: ["--host", "build.example", "--host", "192.0.2.1"])
        for host in ["build.example", "BUILD.example:80", "192.0.2.1", "localhost"] {
            #expect(try serving.fetch(host: host).text == "hello", "\(host)")
        }
        for host in ["example", "a.build.example", "192.0.2.2"] {
            #expect(try serving.fetch(host: host).status == 421, "\(host)")
        }
    }

    @Test(arguments: [["--listen", "0.0.0.0"], ["--listen", "0.0.0.0", "--host", "a.example"]])
    func everyHostIsAcceptedOnOtherAddresses(words: [String]) throws {
        let serving = try Serving(["a.txt": "hello"], more: words)
        for host in ["evil.example", "localhost", "1.2.3.4:5"] {
            #expect(try serving.fetch(host: host).text == "hello", "\(host)")
        }
    }

    /// The client may know the port by another number.
    @Test func redirectsAreRelative() throws {
        let serving = try Serving(["sub/a.txt": "hello", "sub b/x": "x"])
        #expect(try serving.fetch("/sub")["Location"] == "/sub/")
        #expect(try serving.fetch("/sub%20b?q=1")["Location"] == "/sub%20b/?q=1")
        #expect(try serving.fetch("/sub")["Refresh"] == nil)
    }

    /// A link to the current release is switched while it is served.
    @Test(arguments: ["current", "curr$ent", "deep/../current", "./current/"])
    func switchedDirectoryLinkIsFollowed(name: String) throws {
        let directory = try TemporaryDirectory(
            files: ["one/a.txt": "one", "two/a.txt": "two", "deep/x": "x"])
        let last = name.contains("$") ? name : "current"
        try directory.link(last, to: "one")
        let port = FreePorts.take(1)[0]
        let process = try ChildProcess(
            Product.binary, ["serve", name, "--port", "\(port)"],
            output: directory.path + "/stdout",
            error: directory.path + "/stderr", directory: directory.root)
        try waitFor("apus serve") { (try? RawClient(.ipv4(port))) != nil }
        func fetch() throws -> String {
            let client = try RawClient(.ipv4(port), of: process)
            try client.request("GET /a.txt HTTP/1.1", ["Connection: close"])
            return try client.response().text
        }
        #expect(try fetch() == "one")
        try directory.link("next", to: "two")
        #expect(unsafe rename(directory.root + "/next", directory.root + "/\(last)") == 0)
        #expect(try fetch() == "two")
        try FileManager.default.removeItem(atPath: directory.root + "/one")
        #expect(try fetch() == "two")
        try waitFor("the name") { process.output.contains("\(directory.root)/\(last) at http") }
        process.end()
    }

    @Test(arguments: ["::1", "::1:8080", "[::1"])
    func missingBracketsAreExplained(address: String) throws {
        let result = try run(Product.binary, ["serve", "--listen", address], seconds: 20)
        #expect(result.exit == .code(1))
        #expect(result.error.contains("bracket"))
    }

    @Test func busyPortIsError() throws {
        let port = FreePorts.take(1)[0]
        let taken = try #require(TakenPort(port))
        let directory = try TemporaryDirectory()
        let result = try run(
            Product.binary, ["serve", directory.root, "--port", "\(port)"], seconds: 20)
        #expect(result.exit == .code(1))
        #expect(result.error.contains("\(port)"))
        #expect(result.error.contains("in use"))
        withExtendedLifetime(taken) {}
    }

    @Test(arguments: [
        ["serve", "/nowhere/at/all"], ["serve", "--port", "seventy"], ["serve", "--port", "70000"],
        ["serve", "--nonsense"], ["serve", "/etc/passwd"],
    ])
    func unreadableDirectoryIsReported(words: [String]) throws {
        let result = try run(Product.binary, words, seconds: 20)
        #expect(result.exit == .code(1))
        #expect(result.error.contains(words[words.count - 1]))
    }

    @Test func interruptStopsServer() throws {
        let serving = try Serving(["a.txt": "x"])
        serving.process.signal(SIGINT)
        #expect(try serving.process.waitForExit() == .code(0))
        #expect((try? RawClient(.ipv4(serving.port))) == nil)
    }
}
