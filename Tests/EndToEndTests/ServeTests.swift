import Foundation
import Glibc
import Testing

/// `apus serve`: a folder, no configuration.
@Suite(.enabled(if: Product.isApus, "a command of apus alone")) struct ServeTests {
    /// `apus serve` on a free port, up and answering.
    private final class Serving {
        let folder: TemporaryFolder
        let port: UInt16
        let process: ChildProcess

        init(_ files: [String: Fixture], inFolder: Bool = false, more: [String] = []) throws {
            folder = try TemporaryFolder(files: files)
            port = FreePorts.take(1)[0]
            let words = ["serve"] + (inFolder ? [] : [folder.root]) + ["--port", "\(port)"] + more
            process = try ChildProcess(
                Product.binary, words, output: folder.path + "/stdout",
                error: folder.path + "/stderr", folder: inFolder ? folder.root : nil)
            try waitFor("apus serve") {
                guard process.isRunning else {
                    throw TestServer.DidNotStart(description: process.errorOutput)
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
    }

    @Test func theAddressIsPrintedAndFilesAreServed() throws {
        let serving = try Serving(["a.txt": "hello", "sub/b.css": "b {}"])
        try waitFor("the address") {
            let said = serving.said
            return said.contains(serving.folder.root)
                && (said.contains("http://127.0.0.1:\(serving.port)/")
                    || said.contains("http://localhost:\(serving.port)/"))
        }
        #expect(try serving.fetch("/a.txt").text == "hello")
        #expect(try serving.fetch("/sub/b.css")["Content-Type"] == "text/css")
        #expect(try serving.fetch("/none").status == 404)
    }

    @Test func theFolderOneStandsIn() throws {
        let serving = try Serving(["a.txt": "hello"], inFolder: true)
        #expect(try serving.fetch("/a.txt").text == "hello")
    }

    @Test func listingsAndTheIndex() throws {
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

    @Test func linksAreNotFollowedOutOfTheFolder() throws {
        let serving = try Serving(["in.txt": "inside", "sub/x": "x"])
        try "secret".write(
            toFile: serving.folder.path + "/secret.txt", atomically: false, encoding: .utf8)
        try serving.folder.link("out.txt", to: serving.folder.path + "/secret.txt")
        try serving.folder.link("up.txt", to: "../secret.txt")
        try serving.folder.link("dir", to: "/etc")
        try serving.folder.link("good.txt", to: "in.txt")
        for target in ["/out.txt", "/up.txt", "/dir/passwd", "/dir/", "/../secret.txt"] {
            let response = try serving.fetch(target)
            #expect([400, 403, 404].contains(response.status), "\(target)")
            #expect(!response.text.contains("secret") && !response.text.contains("root:"))
        }
        #expect(try serving.fetch("/good.txt").text == "inside")
    }

    @Test func onlyTheLoopbackUnlessAsked() throws {
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

    @Test func aBusyPortIsAnError() throws {
        let port = FreePorts.take(1)[0]
        let taken = try #require(TakenPort(port))
        let folder = try TemporaryFolder()
        let result = try run(
            Product.binary, ["serve", folder.root, "--port", "\(port)"], seconds: 20)
        #expect(result.exit == .code(1))
        #expect(result.error.contains("\(port)"))
        #expect(result.error.contains("in use"))
        withExtendedLifetime(taken) {}
    }

    @Test(arguments: [
        ["serve", "/nowhere/at/all"], ["serve", "--port", "seventy"], ["serve", "--port", "70000"],
        ["serve", "--nonsense"], ["serve", "/etc/passwd"],
    ])
    func whatCannotBeServedIsSaid(words: [String]) throws {
        let result = try run(Product.binary, words, seconds: 20)
        #expect(result.exit == .code(1))
        #expect(result.error.contains(words[words.count - 1]))
    }

    @Test func interruptingEndsIt() throws {
        let serving = try Serving(["a.txt": "x"])
        serving.process.signal(SIGINT)
        #expect(try serving.process.waitForExit() == .code(0))
        #expect((try? RawClient(.ipv4(serving.port))) == nil)
    }
}
