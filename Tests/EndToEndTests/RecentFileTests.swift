import Foundation
import Testing

/// The entity tag of a file that was changed just now: after a second change within the same
/// second, to the same size, it is different.
@Suite(.enabled(if: Product.isApus, "nginx's tag does not tell them apart")) struct RecentFileTests
{
    private func write(_ text: String, to path: String, modified: Int? = nil) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        guard let modified else { return }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(modified))], ofItemAtPath: path)
    }

    @Test func changesWithinASecondHaveNewETags() throws {
        let server = try TestServer(files: ["a.txt": "one"])
        let path = server.directory.root + "/a.txt"
        // In the future, so that the file counts as recent however busy the machine is.
        let now = Int(Date().timeIntervalSince1970) + 60
        var tags = Set<String>()
        for text in ["two", "six", "ten"] {
            try write(text, to: path, modified: now)
            let response = try server.fetch("/a.txt")
            #expect(response.text == text)
            tags.insert(try #require(response["ETag"]))
        }
        #expect(tags.count == 3)
    }

    @Test(arguments: [0, 1])
    func fixedTimesHaveLongETags(modified: Int) throws {
        let server = try TestServer(files: ["a.txt": "one"])
        let path = server.directory.root + "/a.txt"
        try write("two", to: path, modified: modified)
        let first = try #require(try server.fetch("/a.txt")["ETag"])
        #expect(first.hasPrefix("\"\(modified)-3-"))
        try write("six", to: path, modified: modified)
        #expect(try server.fetch("/a.txt")["ETag"] != first)
        #expect(try server.fetch("/a.txt", ["If-None-Match: \(first)"]).status == 200)
    }

    @Test func bothETagFormsMatch() throws {
        let server = try TestServer(files: ["a.txt": "one"])
        try write("two", to: server.directory.root + "/a.txt", modified: 1)
        let long = try #require(try server.fetch("/a.txt")["ETag"])
        for tag in [long, "\"1-3\""] {
            #expect(try server.fetch("/a.txt", ["If-None-Match: \(tag)"]).status == 304)
            #expect(try server.fetch("/a.txt", ["If-Match: \(tag)"]).status == 200)
            let part = try server.fetch("/a.txt", ["If-Range: \(tag)", "Range: bytes=0-0"])
            #expect(part.status == 206)
        }
    }
}
