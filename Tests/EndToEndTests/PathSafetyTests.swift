import Foundation
import Glibc
import Testing

/// No request reaches a file outside the root, and only regular files are served.
@Suite struct PathSafetyTests {
    @Test(arguments: [
        "/../secret.txt", "/a/../../secret.txt", "/%2e%2e/secret.txt",
        "/a/%2e%2e/%2e%2e/secret.txt",
        "/..%2fsecret.txt", "/a/..%2f..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/.%2e/secret.txt",
        "//../secret.txt", "/./../secret.txt", "/a/b/c/../../../../secret.txt", "/..",
        "/%2e%2e", "/a/../..", "/..//secret.txt", "../secret.txt",
        "/a/%2e%2e%2f%2e%2e%2fsecret.txt",
    ])
    func pathAboveRootIsRefused(target: String) throws {
        let server = try TestServer(files: ["a/b/c/x": "x"])
        try "secret".write(
            toFile: server.directory.path + "/secret.txt", atomically: false, encoding: .utf8)
        let response = try server.fetch(target)
        #expect(response.status == 400)
        #expect(!response.text.contains("secret"))
    }

    @Test(arguments: [
        "/..%5csecret.txt", "/%252e%252e/secret.txt", "/.../secret.txt", "/..;/secret.txt",
        "/..%c0%af../secret.txt", "/%c0%ae%c0%ae/secret.txt", "/a/..%5c..%5csecret.txt",
    ])
    func namesWithDotsAreOrdinary(target: String) throws {
        let server = try TestServer(files: ["a/x": "x"])
        try "secret".write(
            toFile: server.directory.path + "/secret.txt", atomically: false, encoding: .utf8)
        #expect(try server.fetch(target).status == 404)
    }

    @Test(arguments: [
        ("/a/../top.txt", "top"), ("/a/b/../../top.txt", "top"), ("/./a/./x", "x"),
        ("/a//x", "x"), ("/a/b/..//x", "x"), ("/a/%2e%2e/top.txt", "top"), ("/a/b/%2e./x", "x"),
        ("/a%2fx", "x"), ("/a/../a/../top.txt", "top"), ("/...", "three"), ("/..two", "two"),
    ])
    func dotSegmentsInsideRootAreResolved(target: String, text: String) throws {
        let server = try TestServer(files: [
            "a/x": "x", "a/b/y": "y", "top.txt": "top", "...": "three", "..two": "two",
        ])
        #expect(try server.fetch(target).text == text)
    }

    @Test(arguments: ["/a%00.txt", "/%", "/%4", "/%zz", "/a%2", "/%%41", "/a%0"])
    func invalidEscapesAreRefused(target: String) throws {
        let server = try TestServer(files: ["a": "x"])
        #expect(try server.fetch(target).status == 400)
    }

    @Test func linkIsFollowedAndBrokenLinkIs404() throws {
        let server = try TestServer(files: ["real.txt": "real", "directory/in.txt": "in"])
        try "outside".write(
            toFile: server.directory.path + "/outside.txt", atomically: false, encoding: .utf8)
        try server.directory.link("link.txt", to: "real.txt")
        try server.directory.link("up.txt", to: "../outside.txt")
        try server.directory.link("dir", to: "directory")
        try server.directory.link("broken.txt", to: "nowhere")
        try server.directory.link("loop", to: "loop")
        #expect(try server.fetch("/link.txt").text == "real")
        #expect(try server.fetch("/up.txt").text == "outside")
        #expect(try server.fetch("/dir/in.txt").text == "in")
        #expect(try server.fetch("/dir").status == 301)
        #expect(try server.fetch("/broken.txt").status == 404)
        #expect(try server.fetch("/loop").status == 403)
    }

    @Test func fifoGetsResponseAtOnce() throws {
        let server = try TestServer(files: ["a": "x"])
        #expect(unsafe mkfifo(server.directory.root + "/pipe", 0o666) == 0)
        let status = try server.fetch("/pipe").status
        #expect(status == 404 || status == 403)
        // The only worker is not blocked in an open that waits for a writer.
        #expect(try server.fetch("/a").status == 200)
    }

    @Test func deviceAndSocketAreNotServed() throws {
        let server = try TestServer(files: ["a": "x"])
        try server.directory.link("null", to: "/dev/null")
        try server.directory.link("tty", to: "/dev/tty")
        let listener = try TestServer(
            configuration: TestServer.prelude()
                + "http { server { listen 127.0.0.1:PORT; listen unix:DIR/root/socket; } }")
        try server.directory.link("socket", to: listener.directory.root + "/socket")
        for target in ["/null", "/tty", "/socket"] {
            let status = try server.fetch(target).status
            #expect([403, 404, 500].contains(status), "\(target): \(status)")
        }
        #expect(try server.fetch("/a").status == 200)
    }

    @Test func tooLongNameIsRefused() throws {
        let server = try TestServer(files: ["a": "x"])
        let name = String(repeating: "n", count: 300)
        let status = try server.fetch("/" + name).status
        #expect(status == 414 || status == 404)
        let path = String(repeating: "/directory", count: 700)
        let deep = try server.fetch(path).status
        #expect(deep == 414 || deep == 404)
        #expect(try server.fetch("/a").status == 200)
    }
}
