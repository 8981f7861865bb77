import Foundation
import Glibc
import Testing

/// Files and directories that change, break or disappear while they are sent.
@Suite struct HostileFileTests {
    private static let size = 6_000_000
    private static let files: [String: Fixture] = ["big.txt": .pattern(size), "small.txt": "small"]

    /// The methods by which a file is sent.
    enum SendMethod: String, CaseIterable, CustomTestStringConvertible {
        case sendfile, reading, gzip, range, ranges
        var testDescription: String { rawValue }

        var server: String {
            switch self {
            case .sendfile, .range, .ranges: "sendfile on; send_timeout 10s;"
            case .reading: "sendfile off; send_timeout 10s;"
            case .gzip: "gzip on; gzip_types *; send_timeout 10s;"
            }
        }

        var fields: [String] {
            switch self {
            case .sendfile, .reading: []
            case .gzip: ["Accept-Encoding: gzip"]
            case .range: ["Range: bytes=0-5999998"]
            case .ranges: ["Range: bytes=0-2999999,3000000-5999998"]
            }
        }
    }

    enum Change: String, CaseIterable, CustomTestStringConvertible {
        case truncated, emptied, replaced, removed, unreadable
        var testDescription: String { rawValue }
        /// True if the open file keeps all of its bytes.
        var isHarmless: Bool { self != .truncated && self != .emptied }

        func apply(to path: String, in directory: TemporaryDirectory) throws {
            switch self {
            case .truncated: #expect(unsafe truncate(path, 20_000) == 0)
            case .emptied: #expect(unsafe truncate(path, 0) == 0)
            case .replaced:
                try directory.write("next", "another file")
                #expect(unsafe rename(directory.root + "/next", path) == 0)
            case .removed: #expect(unsafe unlink(path) == 0)
            case .unreadable: #expect(unsafe chmod(path, 0) == 0)
            }
        }

        /// The status and number of bytes that a later client gets.
        var afterwards: (status: Int, count: Int) {
            switch self {
            case .truncated: (200, 20_000)
            case .emptied: (200, 0)
            case .replaced: (200, 12)
            case .removed: (404, -1)
            case .unreadable: (403, -1)
            }
        }
    }

    @Test(arguments: SendMethod.allCases, Change.allCases)
    func fileChangesWhileSent(_ method: SendMethod, _ change: Change) throws {
        let watch = try WorkerWatch(TestServer(method.server, files: Self.files))
        let path = watch.server.directory.root + "/big.txt"
        let clients = try (0..<2).map { _ in
            let client = try watch.server.connect(receiveBuffer: 65_536)
            try client.request("GET /big.txt HTTP/1.1", method.fields)
            return client
        }
        for client in clients { try client.awaitBytes(1000) }
        try watch.expectRest()
        try change.apply(to: path, in: watch.server.directory)
        try watch.expectOthersAreServed()
        for client in clients {
            if change.isHarmless {
                try expectWhole(client.response(), method)
            } else {
                // Fewer bytes than the length, and the close that reveals it.
                let bytes = try client.readToEnd()
                #expect(bytes.count < Self.size)
                #expect(bytes.suffix(5) != Array("0\r\n\r\n".utf8))
            }
            client.close()
        }
        let later = try watch.server.fetch("/big.txt")
        #expect(later.status == change.afterwards.status)
        if later.status == 200 { #expect(later.body.count == change.afterwards.count) }
        try watch.expectUnharmed(keptKiB: WorkerWatch.keptKiB + (method == .gzip ? 2 * 360 : 0))
    }

    private func expectWhole(_ response: Response, _ method: SendMethod) throws {
        let original = try #require(Self.files["big.txt"]).content
        switch method {
        case .sendfile, .reading: #expect(response.body == original)
        case .gzip: #expect(try gunzip(response.body) == original)
        case .range: #expect(response.body == Array(original.dropLast(1)))
        case .ranges:
            #expect(response["Content-Length"] == "\(response.body.count)")
            #expect(response.body.count > original.count - 1)
        }
    }

    @Test(arguments: [SendMethod.sendfile, .reading, .gzip])
    func growingFileIsSentWithOriginalLength(_ method: SendMethod) throws {
        let watch = try WorkerWatch(TestServer(method.server, files: Self.files))
        let client = try watch.server.connect(receiveBuffer: 65_536)
        try client.request("GET /big.txt HTTP/1.1", method.fields)
        try client.awaitBytes(1000)
        try watch.expectRest()
        let handle = try #require(
            FileHandle(forWritingAtPath: watch.server.directory.root + "/big.txt"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(count: 100_000))
        try handle.close()
        try expectWhole(client.response(), method)
        client.close()
        try watch.expectUnharmed()
    }

    // MARK: bodies that end with the connection

    /// Requests whose response has neither a length nor chunks.
    enum Unframed: String, CaseIterable, CustomTestStringConvertible {
        case gzipForOldClients, chunkingOff, http09
        var testDescription: String { rawValue }

        var server: String {
            let common = "gzip on; gzip_types *; gzip_http_version 1.0; send_timeout 600s;"
            return self == .chunkingOff ? common + "chunked_transfer_encoding off;" : common
        }

        func send(over client: RawClient) throws {
            switch self {
            case .gzipForOldClients:
                try client.request("GET /big.txt HTTP/1.0", ["Accept-Encoding: gzip"])
            case .chunkingOff:
                try client.request("GET /big.txt HTTP/1.1", ["Accept-Encoding: gzip"])
            case .http09: try client.send("GET /big.txt\r\n")
            }
        }
    }

    private func unframed(_ kind: Unframed) throws -> (TestServer, RawClient) {
        let server = try TestServer(kind.server, files: Self.files)
        let client = try server.connect(receiveBuffer: 65_536)
        try kind.send(over: client)
        try client.awaitBytes(1000)
        try waitForRest(of: server.waitForWorkers(1)[0])
        return (server, client)
    }

    /// A part of such a body would look complete.
    @Test(.enabled(if: Product.isApus, "nginx closes"), arguments: Unframed.allCases)
    func truncatedBodyWithoutLengthIsReset(_ kind: Unframed) throws {
        let (server, client) = try unframed(kind)
        #expect(unsafe truncate(server.directory.root + "/big.txt", 20_000) == 0)
        _ = try client.readToEnd()
        #expect(client.wasReset)
        try server.waitForError("closing the connection")
    }

    /// The same if the worker exits at once or dies.
    @Test(
        .enabled(if: Product.isApus, "nginx closes"), arguments: Unframed.allCases,
        [SIGTERM, SIGKILL])
    func bodyWithoutLengthIsResetWhenWorkerExits(
        _ kind: Unframed, _ signal: Int32
    ) throws {
        let (server, client) = try unframed(kind)
        server.mayLoseWorkers = true
        kill(try server.waitForWorkers(1)[0], signal)
        _ = try client.readToEnd()
        #expect(client.wasReset)
    }

    @Test(arguments: Unframed.allCases)
    func completeBodyWithoutLengthClosesNormally(_ kind: Unframed) throws {
        let (_, client) = try unframed(kind)
        let bytes = try client.readToEnd()
        #expect(!client.wasReset)
        let original = try #require(Self.files["big.txt"]).content
        if kind == .http09 {
            #expect(bytes == original)
        } else {
            let head = try #require(bytes.firstRange(of: "\r\n\r\n", from: 0))
            #expect(try gunzip(Array(bytes[head.upperBound...])) == original)
        }
    }

    // MARK: files that cannot be read

    /// Files of sysfs claim a size of 4096 bytes. Reading some of them fails.
    private static func attribute(_ matches: (Int, Int32) -> Bool) -> String? {
        let link = "/sys/class/net/lo"
        let target = (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) ?? "."
        let directory = "/sys/class/net/" + target
        let names = (FileManager.default.enumerator(atPath: directory)?.allObjects ?? [])
            .compactMap { $0 as? String }
        return names.map { directory + "/" + $0 }.first { path in
            var facts = stat()
            guard unsafe stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
                facts.st_mode & 0o004 != 0, facts.st_size == 4096
            else { return false }
            let file = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            guard file >= 0 else { return false }
            defer { close(file) }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = unsafe read(file, &bytes, bytes.count)
            return matches(count, errno)
        }
    }

    private static let failing = attribute { count, code in count < 0 && code == EIO }
    private static let short = attribute { count, _ in count > 0 && count < 100 }

    @Test(
        .enabled(if: failing != nil, "no file of /sys/class/net/lo gives EIO here"),
        arguments: SendMethod.allCases)
    func readErrorClosesConnection(_ method: SendMethod) throws {
        try expectBroken(try #require(Self.failing), method)
    }

    @Test(
        .enabled(if: short != nil, "no file of /sys/class/net/lo can be read here"),
        arguments: SendMethod.allCases)
    func fileShorterThanItsSizeClosesConnection(_ method: SendMethod) throws {
        try expectBroken(try #require(Self.short), method)
    }

    private func expectBroken(_ path: String, _ method: SendMethod) throws {
        let watch = try WorkerWatch(
            TestServer(method.server, http: "gzip_min_length 1;", files: Self.files))
        try watch.server.directory.link("broken.txt", to: path)
        let range = method == .range ? ["Range: bytes=0-2000"] : ["Range: bytes=0-900,1000-2000"]
        for _ in 0..<20 {
            let client = try watch.server.connect()
            let fields = method == .range || method == .ranges ? range : method.fields
            try client.request("GET /broken.txt HTTP/1.1", fields)
            // An error, or a header with a length that is larger than what arrives before the
            // close.
            let bytes = try client.readToEnd()
            #expect(bytes.count < 2000)
            #expect(bytes.suffix(5) != Array("0\r\n\r\n".utf8))
        }
        try watch.expectUnharmed()
    }

    // MARK: directories

    @Test(arguments: ["", "gzip on; gzip_types *;"])
    func listingOfChangingDirectoryIsComplete(gzip: String) throws {
        let watch = try WorkerWatch(
            TestServer("autoindex on; \(gzip)", files: ["d/stays.txt": "x"]))
        let directory = watch.server.directory.root + "/d"
        for number in 0..<300 {
            try "".write(
                toFile: "\(directory)/old-\(number)", atomically: false,
                encoding: .utf8)
        }
        // Beside this test's requests, a shell creates and removes names continuously.
        let churn = try ChildProcess(
            "bash",
            [
                "-c",
                """
                while :; do for n in {0..99}; do : > "$0/new-$n"; done
                mkdir "$0/sub"; rm -f "$0"/new-*; mv "$0" "$0.away"; mv "$0.away" "$0"
                rmdir "$0/sub"; done
                """, directory,
            ], output: "/dev/null", error: "/dev/null")
        var statuses: Set<Int> = []
        for _ in 0..<40 {
            let response = try watch.server.fetch("/d/", ["Accept-Encoding: gzip"])
            statuses.insert(response.status)
            guard response.status == 200 else { continue }
            let isCompressed = response["Content-Encoding"] == "gzip"
            let page = isCompressed ? try gunzip(response.body) : response.body
            let text = String(decoding: page, as: UTF8.self)
            // The page is complete, and contains the unchanged names once.
            #expect(text.hasSuffix("</html>\n"))
            #expect(text.components(separatedBy: "href=\"stays.txt\"").count == 2)
            #expect(text.components(separatedBy: "href=\"old-").count == 301)
        }
        churn.end(patience: 0)
        #expect(statuses.contains(200) && statuses.isSubset(of: [200, 404]), "\(statuses)")
        try watch.expectUnharmed()
    }

    @Test func listingOfRemovedDirectoryIsSent() throws {
        let watch = try WorkerWatch(TestServer("autoindex on;"))
        let name = String(repeating: "n", count: 200)
        for number in 0..<2000 { try watch.server.directory.write("d/\(number)-\(name)", "") }
        let client = try watch.server.connect(receiveBuffer: 65_536)
        try client.request("GET /d/ HTTP/1.1")
        try client.awaitBytes(1000)
        try FileManager.default.removeItem(atPath: watch.server.directory.root + "/d")
        #expect(try watch.server.fetch("/d/").status == 404)
        #expect(try client.response().text.hasSuffix("</html>\n"))
        client.close()
        try watch.expectUnharmed(keptKiB: 2 * WorkerWatch.keptKiB)
    }
}
