import Foundation
import Glibc
import Testing

/// Files are compressed once, by the helper process, and sent from memory afterwards.
@Suite(.enabled(if: Product.isApus, "nginx compresses each time")) struct GzipCacheTests {
    private static let page = wordyText(30_000)
    /// Compresses to more than is passed as bytes.
    private static let long = ChangeSite.digits(1, count: 300_000)
    private static let files: [String: Fixture] = [
        "page.html": .text(page), "long.html": .text(long), "other.html": .text(page),
    ]
    private static let accept = "Accept-Encoding: gzip"

    private func server(_ directives: String = "", workers: Int = 1) throws -> TestServer {
        try TestServer("gzip on; gzip_vary on; \(directives)", workers: workers, files: Self.files)
    }

    /// Requests a target until the response has a length, which responses compressed on the fly
    /// lack.
    private func kept(
        _ server: TestServer, _ target: String, _ client: RawClient? = nil
    ) throws -> Response {
        var response: Response?
        let client = try client ?? server.connect()
        try waitFor("a cached response") {
            try client.request("GET \(target) HTTP/1.1", [Self.accept])
            let next = try client.response()
            #expect(next["Content-Encoding"] == "gzip")
            #expect(next.wasChunked == (next["Content-Length"] == nil))
            response = next
            return !next.wasChunked
        }
        return try #require(response)
    }

    @Test(arguments: ["sendfile on;", "sendfile off;"], ["/page.html", "/long.html"])
    func compressedVariantHasContentLength(directive: String, target: String) throws {
        let server = try server(directive)
        let text = target == "/page.html" ? Self.page : Self.long
        for _ in 0..<3 {
            let response = try kept(server, target)
            #expect(response["Content-Length"] == "\(response.body.count)")
            #expect(response["ETag"] == "W/" + TemporaryDirectory.entityTag(size: text.utf8.count))
            #expect(response["Last-Modified"] == TemporaryDirectory.modifiedText)
            #expect(response["Vary"] == "Accept-Encoding")
            #expect(response["Accept-Ranges"] == nil)
            #expect(response["Content-Type"] == "text/html")
            #expect(try gunzip(response.body) == Array(text.utf8))
        }
    }

    @Test func clientsWithoutGzipGetPlainFile() throws {
        let server = try server()
        let whole = try kept(server, "/page.html")
        let tag = try #require(whole["ETag"])
        let plain = try server.fetch("/page.html")
        #expect(plain["Content-Encoding"] == nil)
        #expect(plain["Vary"] == "Accept-Encoding")
        #expect(plain.text == Self.page)
        let both = try server.fetch("/page.html", [Self.accept, "Range: bytes=0-9"])
        #expect(both.status == 200)
        #expect(both.body == whole.body)
        let part = try server.fetch("/page.html", ["Range: bytes=0-9"])
        #expect(part.status == 206)
        #expect(part.text == String(Self.page.prefix(10)))
        for _ in 0..<3 {
            let unchanged = try server.fetch("/page.html", [Self.accept, "If-None-Match: \(tag)"])
            #expect(unchanged.status == 304)
            #expect(unchanged["ETag"] == tag)
            #expect(unchanged["Vary"] == "Accept-Encoding")
        }
        let old = try server.fetch("/page.html", [Self.accept], version: "1.0")
        #expect(old["Content-Encoding"] == nil)
        let client = try server.connect()
        try client.request("HEAD /page.html HTTP/1.1", [Self.accept])
        let head = try client.response(to: "HEAD")
        #expect(head["Content-Length"] == whole["Content-Length"])
        #expect(head["Content-Encoding"] == "gzip")
        try client.request("GET /page.html HTTP/1.1", [Self.accept])
        #expect(try client.response().body == whole.body)
    }

    @Test func pipelinedVariantsAreComplete() throws {
        let server = try server("sendfile on;")
        let small = try kept(server, "/page.html")
        let large = try kept(server, "/long.html")
        let client = try server.connect()
        for _ in 0..<8 {
            try client.request("GET /page.html HTTP/1.1", [Self.accept])
            try client.request("GET /long.html HTTP/1.1", [Self.accept])
        }
        for _ in 0..<8 {
            #expect(try client.response().body == small.body)
            #expect(try client.response().body == large.body)
        }
    }

    @Test func gzipCacheOffCompressesOnTheFly() throws {
        let server = try server("gzip_cache off;")
        for _ in 0..<20 {
            #expect(try server.fetch("/page.html", [Self.accept]).wasChunked)
        }
        #expect(server.helpers().isEmpty)
    }

    @Test func gzipCachePlainSendsFileUntilCompressed() throws {
        let server = try server("gzip_cache plain;")
        let first = try server.fetch("/page.html", [Self.accept])
        #expect(first["Content-Encoding"] == nil)
        #expect(first["Content-Length"] == "30000")
        #expect(first["Vary"] == "Accept-Encoding")
        var response = first
        try waitFor("a cached response") {
            response = try server.fetch("/page.html", [Self.accept])
            #expect(!response.wasChunked)
            return response["Content-Encoding"] == "gzip"
        }
        #expect(try gunzip(response.body) == Array(Self.page.utf8))
    }

    @Test(arguments: ["/page.html", "/long.html"]) func changedFileIsCompressedAgain(
        target: String
    ) throws {
        let server = try server("sendfile on;", workers: 2)
        _ = try server.waitForWorkers(2)
        let clients = try (0..<6).map { _ in try server.connect() }
        for round in 0..<5 {
            for client in clients { _ = try kept(server, target, client) }
            let text = "\(round)" + wordyText(40_000)
            let path = server.directory.root + target
            let isNew = round % 2 == 0
            try text.write(
                toFile: isNew ? path + ".new" : path, atomically: false, encoding: .utf8)
            if isNew { #expect(unsafe rename(path + ".new", path) == 0) }
            for client in clients {
                try client.request("GET \(target) HTTP/1.1", [Self.accept])
                #expect(try gunzip(client.response().body) == Array(text.utf8))
            }
        }
    }

    /// Two workers request the same file, and share the compressed variant.
    @Test func workersShareCompressedVariant() throws {
        let server = try server("sendfile on;", workers: 2)
        let workers = try server.waitForWorkers(2)
        var seen: [pid_t: String] = [:]
        try waitFor("both workers") {
            _ = try kept(server, "/long.html")
            for worker in workers {
                seen[worker] = server.memoryFiles(of: worker).first
            }
            return seen.count == 2
        }
        #expect(Set(seen.values).count == 1)
    }

    @Test func deadHelperFallsBackToOnTheFly() throws {
        let server = try server()
        server.mayLoseWorkers = true
        _ = try kept(server, "/page.html")
        let helper = try #require(server.helpers().first)
        kill(helper, SIGSTOP)
        // The requests do not wait for it.
        for _ in 0..<5 {
            let response = try server.fetch("/other.html", [Self.accept])
            #expect(response.wasChunked)
            #expect(try gunzip(response.body) == Array(Self.page.utf8))
        }
        kill(helper, SIGKILL)
        // The replacement does the pending jobs.
        _ = try kept(server, "/other.html")
        #expect(server.helpers() != [helper])
    }

    @Test func gzipRatioIsLogged() throws {
        let server = try TestServer(
            "gzip on; access_log DIR/ratio.log ratio;",
            http: "log_format ratio '$request_uri $body_bytes_sent $gzip_ratio';",
            files: Self.files)
        let response = try kept(server, "/page.html")
        let ratio = 30_000.0 / Double(response.body.count)
        let line = "/page.html \(response.body.count) " + String(format: "%.2f", ratio)
        try server.waitForLog("ratio.log", line) { $0.contains(line) }
    }

    @Test func reloadDropsCompressedVariants() throws {
        let server = try server()
        let before = try kept(server, "/page.html")
        let old = try server.waitForWorkers(1)
        kill(server.pid, SIGHUP)
        try server.waitForOthers(than: old)
        #expect(try kept(server, "/page.html").body == before.body)
    }

    @Test func errorPageIsCompressedOnce() throws {
        let server = try TestServer(
            "gzip on; error_page 404 /page.html;", files: Self.files)
        let response = try kept(server, "/none")
        #expect(response.status == 404)
        #expect(try gunzip(response.body) == Array(Self.page.utf8))
    }
}

extension TestServer {
    /// Returns the helper processes.
    fileprivate func helpers() -> [pid_t] {
        children(of: pid, named: "apus-helper")
    }

    /// Returns the inodes of the memory files that a process has open.
    fileprivate func memoryFiles(of process: pid_t) -> [String] {
        let directory = "/proc/\(process)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.compactMap { name in
            var facts = stat()
            let path = directory + "/" + name
            guard
                (try? FileManager.default.destinationOfSymbolicLink(atPath: path))?
                    .hasPrefix("/memfd:apus-gzip") == true,
                unsafe stat(path, &facts) == 0
            else { return nil }
            return "\(facts.st_dev) \(facts.st_ino)"
        }
    }
}
