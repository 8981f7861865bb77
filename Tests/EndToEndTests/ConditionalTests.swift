import Foundation
import Testing

/// Conditional requests (RFC 9110, section 13) on a file from 2020.
@Suite struct ConditionalTests {
    private static let tag = TemporaryDirectory.entityTag(size: 5)
    private static let date = TemporaryDirectory.modifiedText
    private static let before = "Thu, 13 Feb 2020 13:14:15 GMT"
    private static let after = "Sat, 15 Feb 2020 13:14:15 GMT"

    @Test(arguments: [
        (["If-None-Match: \(tag)"], 304),
        (["If-None-Match: W/\(tag)"], 304),
        (["If-None-Match: \"no\", \(tag)"], 304),
        (["If-None-Match: \"no\",\(tag),\"other\""], 304),
        (["If-None-Match: *"], 304),
        (["If-None-Match: \"no\""], 200),
        (["If-None-Match: \(tag.dropLast())x\""], 200),
        (["If-Modified-Since: \(date)"], 304),
        // nginx's default is an exact comparison.
        (["If-Modified-Since: \(after)"], 200),
        (["If-Modified-Since: \(before)"], 200),
        (["If-Modified-Since: Friday, 14-Feb-20 13:14:15 GMT"], 304),
        (["If-Modified-Since: Fri Feb 14 13:14:15 2020"], 304),
        (["If-Modified-Since: yesterday"], 200),
        (["If-None-Match: \"no\"", "If-Modified-Since: \(date)"], 200),
        (["If-None-Match: \(tag)", "If-Modified-Since: \(date)"], 304),
        (["If-Match: \(tag)"], 200),
        (["If-Match: *"], 200),
        (["If-Match: \"no\", \(tag)"], 200),
        (["If-Match: \"no\""], 412),
        (["If-Match: W/\(tag)"], 412),
        (["If-Unmodified-Since: \(date)"], 200),
        (["If-Unmodified-Since: \(after)"], 200),
        (["If-Unmodified-Since: \(before)"], 412),
    ])
    func conditionalRequestStatus(fields: [String], status: Int) throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        for method in ["GET", "HEAD"] {
            let response = try server.fetch("/a.txt", fields, method: method)
            #expect(response.status == status, "\(method) \(fields)")
            if method == "GET" && status == 200 { #expect(response.text == "hello") }
            guard status == 304 else { continue }
            #expect(response.reason == "Not Modified")
            #expect(response["ETag"] == Self.tag)
            #expect(response["Last-Modified"] == Self.date)
            #expect(response["Content-Length"] == nil)
            #expect(response["Content-Type"] == nil)
        }
    }

    @Test func notModifiedHasNoBodyOnKeepAlive() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("GET /a.txt HTTP/1.1", ["If-None-Match: *"])
        try client.request("GET /a.txt HTTP/1.1")
        #expect(try client.response().status == 304)
        #expect(try client.response().text == "hello")
    }

    @Test func missingFileIgnoresConditions() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        #expect(try server.fetch("/none", ["If-None-Match: *"]).status == 404)
        #expect(try server.fetch("/none", ["If-Modified-Since: \(Self.date)"]).status == 404)
    }

    @Test func ifModifiedSinceModesAreApplied() throws {
        let server = try TestServer(
            """
            location /before/ { if_modified_since before; }
            location /off/ { if_modified_since off; }
            """, files: ["before/a": "x", "off/a": "x"])
        let later = ["If-Modified-Since: \(Self.after)"]
        #expect(try server.fetch("/before/a", later).status == 304)
        #expect(try server.fetch("/off/a", ["If-Modified-Since: \(Self.date)"]).status == 200)
    }

    @Test func etagOffSendsNoTag() throws {
        let server = try TestServer("etag off;", files: ["a": "x"])
        let response = try server.fetch("/a")
        #expect(response["ETag"] == nil)
        #expect(response["Last-Modified"] == Self.date)
        #expect(try server.fetch("/a", ["If-None-Match: \(Self.tag)"]).status == 200)
    }

    @Test func changedFileHasNewETag() throws {
        let server = try TestServer(files: ["a": "one"])
        let first = try server.fetch("/a")
        try server.directory.write("a", "two!", modified: TemporaryDirectory.modified + 1)
        let second = try server.fetch("/a", ["If-None-Match: \(first["ETag"] ?? "")"])
        #expect(second.status == 200)
        #expect(second.text == "two!")
        #expect(second["ETag"] != first["ETag"])
    }
}
