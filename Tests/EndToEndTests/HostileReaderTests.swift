import Foundation
import Glibc
import Testing

/// Clients that send requests and do not read. What waits for them is limited, and given up in
/// time.
@Suite struct HostileReaderTests {
    private static let site: [String: Fixture] = [
        "small.txt": .pattern(12_000), "big.bin": .pattern(8_000_000),
        "noise.txt": .pattern(8_000_000), "many/": "",
    ]

    /// A request whose response is not read, and the memory that such a connection may cost, in
    /// KiB: buffers for the request and the response, and the encoder.
    struct Stall: CustomTestStringConvertible {
        let name: String
        let server: String
        let target: String
        var fields: [String] = []
        let costKiB: Int
        var testDescription: String { name }
    }

    private static let stalls = [
        Stall(name: "sendfile", server: "sendfile on;", target: "/big.bin", costKiB: 32),
        Stall(name: "read", server: "sendfile off;", target: "/big.bin", costKiB: 32),
        // deflate needs 256 KiB, and a slice of 32 KiB waits for it.
        Stall(
            name: "gzip", server: "gzip on; gzip_types *;", target: "/noise.txt",
            fields: ["Accept-Encoding: gzip"], costKiB: 360),
        Stall(
            name: "one range", server: "", target: "/big.bin",
            fields: ["Range: bytes=1000-7999999"], costKiB: 32),
        Stall(
            name: "many ranges", server: "", target: "/big.bin",
            fields: ["Range: bytes=0-3999999,4000000-7999999"], costKiB: 36),
    ]

    @Test(arguments: stalls)
    func stoppedReaderTimesOut(_ stall: Stall) throws {
        let watch = try WorkerWatch(
            TestServer("send_timeout 700ms; \(stall.server)", files: Self.site))
        let count = 16
        let clients = try (0..<count).map { _ in
            let client = try watch.server.connect(receiveBuffer: 4096)
            try client.request("GET \(stall.target) HTTP/1.1", stall.fields)
            return client
        }
        for client in clients { try client.awaitBytes(100) }
        try watch.expectOthersAreServed()
        try watch.expectRest()
        let grown = try watch.grownKiB()
        #expect(grown < count * stall.costKiB + WorkerWatch.keptKiB)
        try watch.expectSleep {
            try watch.server.waitForAccess("GET \(stall.target) ", times: count)
        }
        for client in clients { #expect(try client.readToEnd().count < 8_000_000) }
        // The pool keeps sixteen encoders, and the allocator retains memory of others between them.
        let kept = stall.name == "gzip" ? count * stall.costKiB : 0
        try watch.expectUnharmed(keptKiB: kept + WorkerWatch.keptKiB)
    }

    @Test(arguments: ["", "gzip on;"])
    func unreadListingHasBoundedMemory(gzip: String) throws {
        var files: [String: Fixture] = [:]
        for number in 0..<1500 {
            // Names that hardly compress.
            let name = (0..<6).map { _ in UUID().uuidString }.joined()
            files["many/\(number)-\(name)"] = ""
        }
        let watch = try WorkerWatch(
            TestServer(
                """
                send_timeout 1s; autoindex on; \(gzip)
                location /many/ { keepalive_timeout 500ms; }
                """, files: files))
        let page = try watch.server.fetch("/many/").body.count
        #expect(page > 700_000)
        let count = 4
        let clients = try (0..<count).map { _ in
            let client = try watch.server.connect(receiveBuffer: 4096)
            // Several pages do not fit into the kernel's buffers.
            for _ in 0..<12 { try client.request("GET /many/ HTTP/1.1", ["Accept-Encoding: gzip"]) }
            return client
        }
        for client in clients { try client.awaitBytes(100) }
        try watch.expectOthersAreServed()
        try watch.expectRest()
        let grown = try watch.grownKiB()
        #expect(grown < (count + 1) * (page / 1024 + 360) + WorkerWatch.keptKiB)
        try watch.expectSleep {
            try waitFor("the connections of all silent readers to be closed") {
                try watch.extraDescriptors() <= 0
            }
        }
        withExtendedLifetime(clients) {}
        try watch.expectUnharmed(
            keptKiB: (gzip.isEmpty ? 0 : count * 360) + 2 * WorkerWatch.keptKiB)
    }

    @Test(arguments: ["/small.txt", "/big.bin", "/none", "/many/"])
    func unreadPipelineHasBoundedMemory(target: String) throws {
        let watch = try WorkerWatch(
            TestServer(
                """
                send_timeout 800ms; autoindex on;
                location = \(target) { keepalive_timeout 500ms; }
                """, files: Self.site))
        let request = "GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n"
        let requests = Array(String(repeating: request, count: 3000).utf8)
        let count = 8
        let clients = try (0..<count).map { _ in
            let client = try watch.server.connect(receiveBuffer: 4096)
            _ = client.flood(requests, limit: requests.count, patience: 0.05)
            return client
        }
        try watch.expectOthersAreServed()
        try watch.expectRest()
        // One buffer for requests and one for responses, however many requests wait.
        #expect(try watch.grownKiB() < count * 64 + 512)
        try watch.expectSleep {
            try waitFor("the connections of all silent readers to be closed") {
                try watch.extraDescriptors() <= 0
            }
        }
        withExtendedLifetime(clients) {}
        try watch.expectUnharmed()
    }

    @Test func slowlyReadPipelineIsComplete() throws {
        let watch = try WorkerWatch(TestServer(files: Self.site))
        let client = try watch.server.connect()
        let requests = String(repeating: "GET /probe.txt HTTP/1.1\r\nHost: x\r\n\r\n", count: 500)
        for _ in 0..<2 {
            try client.send(requests)
            for _ in 0..<500 { #expect(try client.response().text == WorkerWatch.probeText) }
        }
        client.close()
        try watch.expectUnharmed()
    }

    @Test func byteByByteReaderGetsWholeResponse() throws {
        let watch = try WorkerWatch(TestServer("send_timeout 1s;", files: Self.site))
        let client = try watch.server.connect(receiveBuffer: 2048)
        try client.request("GET /small.txt HTTP/1.1")
        let response = try client.response()
        #expect(response.body == Self.site["small.txt"]?.content)
        client.close()
        try watch.expectUnharmed()
    }
}
