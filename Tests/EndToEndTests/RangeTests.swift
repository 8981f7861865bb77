import Foundation
import Testing

/// Byte ranges (RFC 9110, section 14), single and multiple.
@Suite struct RangeTests {
    private static let size = 10_000
    private static let bytes = patternBytes(size)

    @Test(arguments: [
        ("bytes=0-0", 0, 0), ("bytes=0-", 0, 9_999), ("bytes=100-199", 100, 199),
        ("bytes=9999-", 9_999, 9_999), ("bytes=-1", 9_999, 9_999), ("bytes=-9999", 1, 9_999),
        ("bytes=-20000", 0, 9_999), ("bytes=5000-99999", 5_000, 9_999),
        ("bytes= 10 - 19 ", 10, 19), ("BYTES=10-19", 10, 19),
    ])
    func singleRangeIs206(field: String, first: Int, last: Int) throws {
        let server = try TestServer(files: ["a.txt": .bytes(Self.bytes)])
        let response = try server.fetch("/a.txt", ["Range: \(field)"])
        #expect(response.status == 206)
        #expect(response.reason == "Partial Content")
        #expect(response["Content-Range"] == "bytes \(first)-\(last)/\(Self.size)")
        #expect(response["Content-Length"] == "\(last - first + 1)")
        #expect(response["Content-Type"] == "text/plain")
        #expect(response["ETag"] == TemporaryDirectory.entityTag(size: Self.size))
        #expect(response.body == Array(Self.bytes[first...last]))
        let head = try server.fetch("/a.txt", ["Range: \(field)"], method: "HEAD")
        // RFC 9110, section 14.2: a range is for GET only; nginx accepts it for HEAD too.
        #expect(head.status == (Product.isApus ? 200 : 206))
        #expect(head["Content-Length"] == "\(Product.isApus ? Self.size : last - first + 1)")
    }

    @Test(arguments: [
        "bytes=10000-", "bytes=10000-10001", "bytes=5-4", "bytes=-0", "bytes=a-b",
        "bytes=1", "bytes=1-2x", "bytes=99999999999999999999-", "bytes=0-99999999999999999999",
        "bytes=--1", "bytes=,",
    ])
    func unsatisfiableRangeIs416(field: String) throws {
        let server = try TestServer(files: ["a.txt": .bytes(Self.bytes)])
        let response = try server.fetch("/a.txt", ["Range: \(field)"])
        #expect(response.status == 416, "\(field)")
        #expect(response["Content-Range"] == "bytes */\(Self.size)")
    }

    @Test(arguments: ["lines=0-1", "bytes:0-1", "0-1", "bytes="])
    func unknownRangeUnitIsIgnored(field: String) throws {
        let server = try TestServer(files: ["a.txt": .bytes(Self.bytes)])
        let response = try server.fetch("/a.txt", ["Range: \(field)"])
        #expect(response.status == 200)
        #expect(response.body == Self.bytes)
    }

    @Test(arguments: [
        ("bytes=0-9,20-29", [0...9, 20...29]),
        ("bytes=0-0, -1", [0...0, 9_999...9_999]),
        ("bytes=9990-,0-4999,1-2", [9_990...9_999, 0...4_999, 1...2]),
        ("bytes=0-9,20000-30000,50-59", [0...9, 50...59]),
    ])
    func severalRangesAreMultipart(field: String, ranges: [ClosedRange<Int>]) throws {
        let server = try TestServer(files: ["a.txt": .bytes(Self.bytes)])
        let client = try server.connect()
        try client.request("GET /a.txt HTTP/1.1", ["Range: \(field)"])
        let response = try client.response()
        #expect(response.status == 206)
        #expect(response["Content-Range"] == nil)
        let parts = try MultipartRanges(response)
        #expect(
            parts.parts.map(\.range)
                == ranges.map { "bytes \($0.lowerBound)-\($0.upperBound)/10000" })
        #expect(parts.parts.map(\.type) == ranges.map { _ in "text/plain" })
        #expect(parts.parts.map(\.body) == ranges.map { Array(Self.bytes[$0]) })
        // The length was correct: the connection stays open.
        try client.request("GET /a.txt HTTP/1.1", ["Range: bytes=0-1"])
        #expect(try client.response().body == Array(Self.bytes[0...1]))
    }

    @Test func severalRangesWithOneSatisfiable() throws {
        let server = try TestServer(files: ["a.txt": .bytes(Self.bytes)])
        let response = try server.fetch("/a.txt", ["Range: bytes=0-9,20000-"])
        #expect(response.status == 206)
        #expect(response["Content-Range"] == "bytes 0-9/10000")
        #expect(response.body == Array(Self.bytes[0...9]))
    }

    @Test func rangesLargerThanFileAreIgnored() throws {
        let server = try TestServer(files: ["a.txt": .bytes(Self.bytes)])
        let response = try server.fetch("/a.txt", ["Range: bytes=0-,0-,0-"])
        #expect(response.status == 200)
        #expect(response.body == Self.bytes)
    }

    @Test(arguments: [("max_ranges 0;", 200), ("max_ranges 1;", 200), ("max_ranges 2;", 206)])
    func maxRangesIsApplied(directive: String, status: Int) throws {
        let server = try TestServer(directive, files: ["a.txt": .bytes(Self.bytes)])
        #expect(try server.fetch("/a.txt", ["Range: bytes=0-0,2-2"]).status == status)
    }

    @Test(arguments: [
        (TemporaryDirectory.entityTag(size: 10_000), 206), ("\"other\"", 200),
        (TemporaryDirectory.modifiedText, 206), ("Sat, 15 Feb 2020 13:14:15 GMT", 200),
        ("W/" + TemporaryDirectory.entityTag(size: 10_000), 200), ("nonsense", 200),
    ])
    func ifRangeIsEvaluated(field: String, status: Int) throws {
        let server = try TestServer(files: ["a.txt": .bytes(Self.bytes)])
        let response = try server.fetch("/a.txt", ["Range: bytes=1-3", "If-Range: \(field)"])
        #expect(response.status == status)
        #expect(response.body == (status == 206 ? Array(Self.bytes[1...3]) : Self.bytes))
    }

    @Test func emptyFileIgnoresRange() throws {
        let server = try TestServer(files: ["empty.txt": ""])
        #expect(try server.fetch("/empty.txt", ["Range: bytes=-1"]).status != 206)
        #expect(try server.fetch("/empty.txt", ["Range: bytes=0-"]).status != 206)
    }

    @Test func notModifiedHasPriorityOverRange() throws {
        let server = try TestServer(files: ["a.txt": .bytes(Self.bytes)])
        let fields = ["Range: bytes=1-3", "If-None-Match: *"]
        #expect(try server.fetch("/a.txt", fields).status == 304)
        #expect(try server.fetch("/none", ["Range: bytes=1-3"]).status == 404)
    }

    @Test func rangesOfLargeFile() throws {
        let bytes = patternBytes(3_000_000)
        let server = try TestServer(files: ["big.bin": .bytes(bytes)])
        let field = "bytes=1000000-1999999,2500000-2999998"
        let parts = try MultipartRanges(server.fetch("/big.bin", ["Range: \(field)"]))
        #expect(parts.parts.map(\.body.count) == [1_000_000, 499_999])
        #expect(parts.parts[0].body == Array(bytes[1_000_000...1_999_999]))
        #expect(parts.parts[1].body == Array(bytes[2_500_000...2_999_998]))
    }
}

/// The parts of a multipart/byteranges body (RFC 9110, section 14.6).
struct MultipartRanges {
    var parts: [(range: String?, type: String?, body: [UInt8])] = []

    init(_ response: Response) throws {
        let prefix = "multipart/byteranges; boundary="
        guard let type = response["Content-Type"], type.hasPrefix(prefix) else {
            throw Response.Malformed(description: "type \(response["Content-Type"] ?? "none")")
        }
        let boundary = "\r\n--" + type.dropFirst(prefix.count)
        var rest = response.body
        guard var place = rest.firstRange(of: boundary), place.lowerBound == 0 else {
            throw Response.Malformed(description: "no boundary at the start")
        }
        while true {
            rest.removeFirst(place.upperBound)
            if rest == Array("--\r\n".utf8) { return }
            guard let head = rest.firstRange(of: "\r\n\r\n"),
                let next = rest.firstRange(of: boundary, from: head.upperBound)
            else { throw Response.Malformed(description: "a part without its end") }
            let text = String(decoding: rest[..<head.lowerBound], as: UTF8.self)
            let part = try Response(head: "HTTP/1.1 206 part" + text)
            let body = Array(rest[head.upperBound..<next.lowerBound])
            parts.append((part["Content-Range"], part["Content-Type"], body))
            place = next
        }
    }
}
