import Foundation
import Glibc
import Testing

/// Bodies larger than one send: the same bytes, in slices, with slow readers.
@Suite(.serialized) struct LargeFileTests {
    @Test(arguments: [
        "sendfile on;", "sendfile off;", "sendfile on; sendfile_max_chunk 64k;",
        "sendfile on; sendfile_max_chunk 0;", "sendfile on; tcp_nopush on;",
        "sendfile on; tcp_nodelay off;", "sendfile off; output_buffers 2 16k;",
    ])
    func largeFileIsSentUnchanged(directives: String) throws {
        let bytes = patternBytes(5_000_001)
        let server = try TestServer(directives, files: ["big.bin": .bytes(bytes)])
        let client = try server.connect()
        for _ in 0..<2 {
            try client.request("GET /big.bin HTTP/1.1")
            let response = try client.response()
            #expect(response["Content-Length"] == "5000001")
            #expect(response.body == bytes)
        }
        let slow = try server.connect(receiveBuffer: 4096)
        try slow.request("GET /big.bin HTTP/1.1", ["Range: bytes=4000000-"])
        #expect(try slow.response().body == Array(bytes[4_000_000...]))
    }

    /// Sizes around the boundaries of buffers, pages and slices.
    @Test(arguments: ["sendfile on;", "sendfile off;"])
    func sizesAtBufferBoundaries(directives: String) throws {
        let sizes =
            [1, 1023, 1024, 4095, 4096, 4097, 16_383, 16_384, 16_385]
            + [32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 131_072, 1_048_577]
        var files: [String: Fixture] = [:]
        for size in sizes { files["f\(size)"] = .pattern(size) }
        let server = try TestServer(directives, files: files)
        let client = try server.connect()
        let all = patternBytes(sizes.max() ?? 0)
        for size in sizes {
            try client.request("GET /f\(size) HTTP/1.1")
            #expect(try client.response().body == Array(all.prefix(size)), "size \(size)")
        }
    }

    @Test func largeAndSmallFilesInOnePipeline() throws {
        let bytes = patternBytes(700_000)
        let server = try TestServer(files: ["big.bin": .bytes(bytes), "small.txt": "small"])
        let client = try server.connect()
        for _ in 0..<5 {
            try client.request("GET /big.bin HTTP/1.1")
            try client.request("GET /small.txt HTTP/1.1")
        }
        for _ in 0..<5 {
            #expect(try client.response().body == bytes)
            #expect(try client.response().text == "small")
        }
    }

    @Test func slowReaderDoesNotDelayOthers() throws {
        let server = try TestServer(files: ["big.bin": .pattern(30_000_000), "small": "small"])
        let slow = try server.connect(receiveBuffer: 4096)
        try slow.request("GET /big.bin HTTP/1.1")
        try slow.awaitBytes(1000)
        for _ in 0..<50 { #expect(try server.fetch("/small").text == "small") }
    }

    @Test func twentyGibibyteFileIsServed() throws {
        let size = 20 * 1024 * 1024 * 1024
        let server = try TestServer(files: ["sparse.bin": "first"])
        let path = server.directory.root + "/sparse.bin"
        #expect(unsafe truncate(path, size - 4) == 0)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("last".utf8))
        try file.close()
        let head = try server.fetch("/sparse.bin", method: "HEAD")
        #expect(head["Content-Length"] == "\(size)")
        let last = try server.fetch("/sparse.bin", ["Range: bytes=-1"])
        #expect(last.status == 206)
        #expect(last["Content-Range"] == "bytes \(size - 1)-\(size - 1)/\(size)")
        #expect(last.text == "t")
        let middle = try server.fetch("/sparse.bin", ["Range: bytes=4294967295-4294967297"])
        #expect(middle.body == [0, 0, 0])
        // Part of a download: the worker does not buffer what it sends.
        let client = try server.connect()
        try client.request("GET /sparse.bin HTTP/1.1")
        for _ in 0..<40 { _ = try client.take(5_000_000) }
        let worker = try server.waitForWorkers(1)[0]
        #expect(try privateKilobytes(of: worker) < 16_384)
    }

    private func privateKilobytes(of pid: pid_t) throws -> Int {
        let lines = try readText("/proc/\(pid)/smaps_rollup").components(separatedBy: "\n")
        let line = try #require(lines.first { $0.hasPrefix("Private_Dirty:") })
        return try #require(Int(line.split(separator: " ")[1]))
    }
}
