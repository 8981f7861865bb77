import Foundation
import Glibc
import Testing

/// `aio threads`: parts of files that are not in the page cache are read by the helper process.
@Suite(.enabled(if: Product.isApus, "nginx has threads")) struct ColdReadTests {
    private static let sizes = ["small.bin": 10_000, "large.bin": 3_000_000, "page.html": 200_000]

    private func server(_ directives: String) throws -> TestServer {
        try TestServer(
            "aio threads; \(directives)",
            files: Self.sizes.mapValues { .pattern($0) })
    }

    /// Evicts a file from the page cache. Returns false if it stays there.
    private func cool(_ server: TestServer, _ name: String) throws -> Bool {
        let file = unsafe open(server.directory.root + "/" + name, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemFailure("open") }
        defer { close(file) }
        #expect(fsync(file) == 0)
        #expect(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0)
        let size = Self.sizes[name] ?? 0
        guard let memory = unsafe mmap(nil, size, PROT_READ, MAP_SHARED, file, 0),
            unsafe memory != MAP_FAILED
        else { throw SystemFailure("mmap") }
        defer { unsafe munmap(memory, size) }
        var residents = [UInt8](repeating: 0, count: size / 4096 + 1)
        #expect(unsafe mincore(memory, size, &residents) == 0)
        return !residents.contains { $0 & 1 == 1 }
    }

    /// Returns the bytes that a process has read in total.
    private func readBytes(of process: pid_t) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(process)/io", encoding: .utf8)
        let line = try #require(text.components(separatedBy: "\n").first)
        return try #require(Int(line.replacingOccurrences(of: "rchar: ", with: "")))
    }

    @Test(arguments: ["sendfile on;", "sendfile off;", "content_cache off; sendfile on;"])
    func uncachedFileIsReadByHelper(directive: String) throws {
        let http = directive.contains("content_cache") ? "content_cache off;" : ""
        let server = try TestServer(
            "aio threads; \(directive.replacingOccurrences(of: "content_cache off;", with: ""))",
            http: http, files: Self.sizes.mapValues { .pattern($0) })
        let helper = try waitForValue("the helper") {
            children(of: server.pid, named: "apus-helper").first
        }
        for (name, size) in Self.sizes {
            // The kernel's earlier read-ahead may return the file to the page cache once more.
            try waitFor("\(name), read by the helper") {
                guard try cool(server, name), Product.isRoot else { return true }
                let before = try readBytes(of: helper)
                #expect(try server.fetch("/" + name).body == patternBytes(size))
                // A small file may be cached as bytes by now.
                return try readBytes(of: helper) - before >= size || size <= 16_384 && http.isEmpty
            }
        }
        // Files in the page cache are not passed to the helper.
        guard Product.isRoot else { return }
        let before = try readBytes(of: helper)
        for (name, size) in Self.sizes {
            #expect(try server.fetch("/" + name).body == patternBytes(size))
        }
        #expect(try readBytes(of: helper) == before)
    }

    @Test func rangesPipelinesAndGzipOfUncachedFiles() throws {
        let server = try server("sendfile on; gzip on;")
        let page = patternBytes(200_000)
        for _ in 0..<3 {
            for name in Self.sizes.keys { _ = try cool(server, name) }
            let part = try server.fetch("/large.bin", ["Range: bytes=2500000-2600000"])
            #expect(part.body == Array(patternBytes(3_000_000)[2_500_000...2_600_000]))
            let parts = try server.fetch("/page.html", ["Range: bytes=1-2,150000-150001"])
            #expect(parts.status == 206)
            let compressed = try server.fetch("/page.html", ["Accept-Encoding: gzip"])
            #expect(try gunzip(compressed.body) == page)
            let client = try server.connect()
            for name in ["/small.bin", "/page.html", "/small.bin"] {
                try client.request("GET \(name) HTTP/1.1")
            }
            #expect(try client.response().body == patternBytes(10_000))
            #expect(try client.response().body == page)
            #expect(try client.response().body == patternBytes(10_000))
        }
    }

    /// While the helper does not read, other clients are served, and clients that disconnect are
    /// forgotten.
    @Test func otherClientsDoNotWaitForColdRead() throws {
        let server = try server("sendfile on;")
        server.mayLoseWorkers = true
        let helper = try waitForValue("the helper") {
            children(of: server.pid, named: "apus-helper").first
        }
        kill(helper, SIGSTOP)
        guard try cool(server, "large.bin") else {
            kill(helper, SIGCONT)
            return
        }
        let waiting = try (0..<20).map { _ in try server.connect() }
        for client in waiting {
            try client.request("GET /large.bin HTTP/1.1")
            #expect(try server.fetch("/small.bin").body == patternBytes(10_000))
        }
        for client in waiting.dropFirst() { client.reset() }
        #expect(try server.fetch("/small.bin").body == patternBytes(10_000))
        kill(helper, SIGCONT)
        #expect(try waiting[0].response().body == patternBytes(3_000_000))
    }

    /// The replacement gets the job once more; after that, the request fails.
    @Test func deadHelperIsReplacedDuringRead() throws {
        let server = try server("sendfile on;")
        server.mayLoseWorkers = true
        let helper = try waitForValue("the helper") {
            children(of: server.pid, named: "apus-helper").first
        }
        kill(helper, SIGSTOP)
        _ = try cool(server, "large.bin")
        let client = try server.connect()
        try client.request("GET /large.bin HTTP/1.1")
        #expect(try server.fetch("/small.bin").body == patternBytes(10_000))
        kill(helper, SIGKILL)
        #expect(try client.response().body == patternBytes(3_000_000))
    }

    /// A response that waits for a stuck helper ends after its time limit.
    @Test func stoppedHelperIsReplacedDuringRead() throws {
        let server = try server("sendfile on;")
        server.mayLoseWorkers = true
        let helper = try waitForValue("the helper") {
            children(of: server.pid, named: "apus-helper").first
        }
        kill(helper, SIGSTOP)
        guard try cool(server, "large.bin") else {
            kill(helper, SIGCONT)
            return
        }
        let client = try server.connect()
        try client.request("GET /large.bin HTTP/1.1")
        #expect(try client.readToEnd(seconds: 120).count < 3_000_000)
        try waitFor("another helper") {
            let helpers = children(of: server.pid, named: "apus-helper")
            return !helpers.isEmpty && !helpers.contains(helper)
        }
        #expect(try server.fetch("/large.bin").body == patternBytes(3_000_000))
    }

    @Test func singleProcessReadsFilesItself() throws {
        let server = try TestServer(
            "aio threads=pool; sendfile on;",
            main: "master_process off; thread_pool pool threads=4;",
            files: Self.sizes.mapValues { .pattern($0) })
        for (name, size) in Self.sizes {
            _ = try cool(server, name)
            #expect(try server.fetch("/" + name).body == patternBytes(size))
        }
    }
}
