import Foundation
import Glibc
import Testing

/// A wall clock that jumps: deadlines use the monotonic clock, and dates stay valid.
@Suite struct HostileClockTests {
    /// A library that reports another time to the process: the second in the file `FAKE_TIME`.
    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <time.h>
        #include <unistd.h>

        int clock_gettime(clockid_t clock, struct timespec *now) {
            char text[32] = "";
            int result = (int)syscall(SYS_clock_gettime, clock, now);
            if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
                return result;
            int file = open(getenv("FAKE_TIME"), O_RDONLY | O_CLOEXEC);
            if (file < 0) return result;
            if (read(file, text, sizeof text - 1) > 0) now->tv_sec = atoll(text);
            close(file);
            return result;
        }
        """

    /// The times that the clock jumps to, in this order.
    private static let jumps: [(seconds: Int, date: String)] = [
        (2_000_000_000, "Wed, 18 May 2033 03:33:20 GMT"),
        (946_684_799, "Fri, 31 Dec 1999 23:59:59 GMT"),
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (4_294_967_296, "Sun, 07 Feb 2106 06:28:16 GMT"),
        (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
    ]

    private static let hasCompiler = (try? run("clang", ["--version"]))?.succeeded == true

    private static func library(in directory: TemporaryDirectory) throws -> String {
        let library = directory.root + "/time.so"
        let compiled = try run(
            "clang", ["-shared", "-fPIC", "-o", library, directory.root + "/time.c"])
        try #require(compiled.succeeded, "\(compiled.error)")
        return library
    }

    /// RFC 9110, section 8.8.2.1: Last-Modified is not later than Date, also in a response that was
    /// cached before the clock was set back.
    @Test(.enabled(if: hasCompiler, "clang, which comes with Swift, is not in PATH"))
    func cachedResponseStaysValidWhenClockIsSetBack() throws {
        let build = try TemporaryDirectory(files: ["time.c": .text(Self.source)])
        let library = try Self.library(in: build)
        let server = try TestServer(
            configuration: TestServer.configuration("gzip on; gzip_min_length 1;"),
            files: ["a.txt": "hello", "b.html": .text(wordyText(3000))],
            environment: ["LD_PRELOAD=\(library)", "FAKE_TIME=DIR/time"])
        // Long after the files were made, so that they can be cached.
        let modified = Int(Date().timeIntervalSince1970) + 100_000
        for name in ["a.txt", "b.html"] {
            try server.directory.setModified(server.directory.root + "/" + name, modified)
        }
        func set(_ seconds: Int) throws {
            let file = URL(fileURLWithPath: server.directory.path + "/time")
            try Data("\(seconds)".utf8).write(to: file, options: .atomic)
        }
        func date(_ text: String?) throws -> Date {
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(identifier: "GMT")
            format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
            let text = try #require(text)
            return try #require(format.date(from: text))
        }
        for step in [1000, -1000, 1, 0, -1, 500, -100_000] {
            try set(modified + 1000)
            // On an open connection: other responses are not cached.
            let client = try server.connect()
            for target in ["/a.txt", "/b.html"] {
                for _ in 0..<4 {
                    try client.request("GET \(target) HTTP/1.1", ["Accept-Encoding: gzip"])
                    let tag = try client.response()["ETag"] ?? "x"
                    try client.request("GET \(target) HTTP/1.1", ["If-None-Match: \(tag)"])
                    _ = try client.response()
                    try client.request("GET \(target) HTTP/1.1")
                    _ = try client.response()
                }
            }
            client.close()
            try set(modified + step)
            for target in ["/a.txt", "/b.html"] {
                for fields in [[], ["Accept-Encoding: gzip"], ["If-None-Match: \"x\""]] {
                    let response = try server.fetch(target, fields)
                    let sent = try date(response["Date"])
                    #expect(try date(response["Last-Modified"]) <= sent)
                    #expect(sent.timeIntervalSince1970 == Double(modified + step))
                }
            }
        }
    }

    @Test(.enabled(if: hasCompiler, "clang, which comes with Swift, is not in PATH"))
    func clockJumpsDoNotAffectTimeouts() throws {
        let build = try TemporaryDirectory(files: ["time.c": .text(Self.source)])
        let library = try Self.library(in: build)
        let configuration = TestServer.configuration(
            "client_header_timeout 1s; keepalive_timeout 60s; send_timeout 60s;")
        let server = try TestServer(
            configuration: configuration, files: ["big.bin": .pattern(8_000_000), "a": "hello"],
            environment: ["LD_PRELOAD=\(library)", "FAKE_TIME=DIR/time"])
        let watch = try WorkerWatch(server)
        for (seconds, date) in Self.jumps {
            let download = try server.connect(receiveBuffer: 65_536)
            try download.request("GET /big.bin HTTP/1.1")
            try download.awaitBytes(1000)
            let file = URL(fileURLWithPath: server.directory.path + "/time")
            try Data("\(seconds)".utf8).write(to: file, options: .atomic)

            // The jump does not cut off the current connection; the next response has the new date.
            let response = try server.fetch("/a")
            #expect(response.text == "hello")
            #expect(response["Date"] == date)
            #expect(try download.response().body.count == 8_000_000)
            download.close()

            // Deadlines still expire, and not too early.
            let start = Date()
            let slow = try server.connect()
            try slow.send("GET")
            try watch.expectSleep { _ = try slow.readToEnd() }
            #expect(Date().timeIntervalSince(start) > 0.9)
            slow.close()
        }
        try watch.expectUnharmed()
    }
}
