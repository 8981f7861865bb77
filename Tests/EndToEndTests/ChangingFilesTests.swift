import Foundation
import Glibc
import Testing

/// A request that is sent after a change sees the change.
@Suite struct ChangingFilesTests {
    @Test func replacedAndRemovedFilesAreSeen() throws {
        let server = try TestServer(files: ["a.txt": "old"])
        let client = try server.connect()
        func text() throws -> String {
            try client.request("GET /a.txt HTTP/1.1")
            let response = try client.response()
            return response.status == 200 ? response.text : "\(response.status)"
        }
        #expect(try text() == "old")
        #expect(try text() == "old")
        try server.directory.write("a.txt", "newer")
        #expect(try text() == "newer")
        try server.directory.write("tmp", "moved")
        #expect(
            unsafe rename(server.directory.root + "/tmp", server.directory.root + "/a.txt") == 0)
        #expect(try text() == "moved")
        #expect(unsafe unlink(server.directory.root + "/a.txt") == 0)
        #expect(try text() == "404")
        try server.directory.write("a.txt", "again")
        #expect(try text() == "again")
    }

    @Test func everyChangeIsSeenByNextRequest() throws {
        let server = try TestServer(files: ["a.txt": "0"])
        let client = try server.connect()
        for number in 1...500 {
            // The same size and time: only the change notification reveals it.
            try server.directory.write("a.txt", .text(String(format: "%05d", number)))
            try client.request("GET /a.txt HTTP/1.1")
            #expect(try client.response().text == String(format: "%05d", number))
        }
    }

    @Test func switchedRootLinkIsFollowed() throws {
        let server = try TestServer(
            "location / { root DIR/root/current; }",
            files: ["one/a.txt": "one", "two/a.txt": "two", "two/b.txt": "b"]
        )
        let client = try server.connect()
        func text(_ target: String) throws -> String {
            try client.request("GET \(target) HTTP/1.1")
            let response = try client.response()
            return response.status == 200 ? response.text : "\(response.status)"
        }
        #expect(try text("/a.txt") == "404")
        for (number, name) in ["one", "two", "one", "two"].enumerated() {
            try server.directory.link("next", to: name)
            let root = server.directory.root
            #expect(unsafe rename(root + "/next", root + "/current") == 0)
            #expect(try text("/a.txt") == name, "switch \(number)")
            #expect(try text("/b.txt") == (name == "two" ? "b" : "404"))
        }
    }

    @Test func renamedDirectoryIsNotFound() throws {
        let server = try TestServer(files: ["d/e/a.txt": "here"])
        let client = try server.connect()
        try client.request("GET /d/e/a.txt HTTP/1.1")
        #expect(try client.response().text == "here")
        let root = server.directory.root
        #expect(unsafe rename(root + "/d", root + "/moved") == 0)
        try client.request("GET /d/e/a.txt HTTP/1.1")
        #expect(try client.response().status == 404)
        try client.request("GET /moved/e/a.txt HTTP/1.1")
        #expect(try client.response().text == "here")
    }

    @Test func newIndexFileIsServed() throws {
        let server = try TestServer("index a.html b.html;", files: ["d/b.html": "b"])
        #expect(try server.fetch("/d/").text == "b")
        try server.directory.write("d/a.html", "a")
        #expect(try server.fetch("/d/").text == "a")
    }

    @Test func removedPermissionIs403() throws {
        guard Product.isRoot else { return }
        let server = try TestServer(files: ["a.txt": "x"])
        #expect(try server.fetch("/a.txt").status == 200)
        #expect(unsafe chmod(server.directory.root + "/a.txt", 0o600) == 0)
        #expect(try server.fetch("/a.txt").status == 403)
        #expect(unsafe chmod(server.directory.root + "/a.txt", 0o644) == 0)
        #expect(try server.fetch("/a.txt").status == 200)
    }

    @Test(arguments: ["sendfile on;", "sendfile off;"])
    func truncationWhileSendingClosesConnection(sendfile: String) throws {
        let size = 40_000_000
        let server = try TestServer(sendfile, files: ["big.bin": .pattern(size)])
        let client = try server.connect(receiveBuffer: 8192)
        try client.request("GET /big.bin HTTP/1.1")
        try client.awaitBytes(20_000)
        // The rest cannot be in flight: socket buffers are smaller than that.
        #expect(unsafe truncate(server.directory.root + "/big.bin", 10_000) == 0)
        let received = try client.readToEnd()
        #expect(received.count < size)
        #expect(try server.fetch("/big.bin", method: "HEAD")["Content-Length"] == "10000")
    }
}
