import Foundation
import HTTP
import Linux
import Testing

@testable import Server

@Suite struct ResponseHeadTests {
    private static func head(
        _ status: Int, keepsAlive: Bool = true, showsVersion: Bool = true,
        _ set: (inout ResponseHead) -> Void
    ) -> ResponseHead {
        var head = ResponseHead(status: status, keepsAlive: keepsAlive, showsVersion: showsVersion)
        set(&head)
        return head
    }

    /// Returns the header with the value of Date replaced by `NOW`.
    private func bytes(
        _ head: ResponseHead, location: String = "", charset: String = "",
        adding added: AddedFields? = nil
    ) -> [String] {
        var clock = CachedTime()
        clock.update()
        let date = String(decoding: written { $0.append(clock.date.span) }, as: UTF8.self)
        let made = Array(charset.utf8)
        let all = text {
            head.write(
                into: &$0, clock, location: Array(location.utf8).span, charset: made.span,
                challenges: [UInt8]().span, cookies: [UInt8]().span, adding: added)
        }
        #expect(all.hasSuffix("\r\n\r\n"))
        // CR LF is one Character.
        return all.dropLast(2).replacing(date, with: "NOW").components(separatedBy: "\r\n")
    }

    @Test func headOfWholeFile() {
        let arena = Arena()
        let head = Self.head(200) {
            $0.contentType = arena.store("text/html")
            $0.contentLength = 31
            $0.validators = FileValidators(
                FileStatus(kind: .regular, size: 31, modified: 1_000_000_000), now: 4_000_000_000)
            $0.hasETag = true
            $0.acceptsRanges = true
        }
        #expect(
            bytes(head) == [
                "HTTP/1.1 200 OK", "Server: apus/\(Version.number)", "Date: NOW",
                "Content-Type: text/html", "Content-Length: 31",
                "Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT", "Connection: keep-alive",
                "ETag: \"3b9aca00-1f\"", "Accept-Ranges: bytes",
            ])
    }

    @Test func headHasCharset() {
        let arena = Arena()
        var head = Self.head(200) {
            $0.contentType = arena.store("text/html")
            $0.charset = .constant(arena.store("utf-8"))
        }
        #expect(bytes(head).contains("Content-Type: text/html; charset=utf-8"))
        head.charset = .evaluated
        // The value of a variable cannot end a line.
        #expect(
            bytes(head, charset: "koi\r\nX: 8-r")
                .contains("Content-Type: text/html; charset=koiX:8-r"))
        head.boundary = 1
        #expect(bytes(head).contains { $0.hasSuffix("; boundary=00000000000000000001") })
    }

    @Test func headOfCompressedFile() {
        let head = Self.head(200) {
            $0.isChunked = true
            $0.coding = .gzip
            $0.isWeak = true
            $0.hasETag = true
            $0.validators = FileValidators(
                FileStatus(kind: .regular, size: 31, modified: 16), now: 4_000_000_000)
            $0.varies = true
            $0.keepaliveSeconds = 20
        }
        #expect(
            bytes(head) == [
                "HTTP/1.1 200 OK", "Server: apus/\(Version.number)", "Date: NOW",
                "Last-Modified: Thu, 01 Jan 1970 00:00:16 GMT", "Transfer-Encoding: chunked",
                "Connection: keep-alive", "Keep-Alive: timeout=20", "Vary: Accept-Encoding",
                "ETag: W/\"10-1f\"", "Content-Encoding: gzip",
            ])
    }

    @Test func headOfRange() {
        let arena = Arena()
        let head = Self.head(206, keepsAlive: false, showsVersion: false) {
            $0.contentType = arena.store("a/b")
            $0.contentLength = 5
            $0.contentRange = .part(first: 10, last: 14, of: 9_223_372_036_854_775_807)
        }
        #expect(
            bytes(head) == [
                "HTTP/1.1 206 Partial Content", "Server: apus", "Date: NOW", "Content-Type: a/b",
                "Content-Length: 5", "Connection: close",
                "Content-Range: bytes 10-14/9223372036854775807",
            ])
    }

    @Test func headOfMultipartRanges() {
        let arena = Arena()
        let head = Self.head(206) {
            $0.contentType = arena.store("a/b")
            $0.boundary = 9
        }
        #expect(
            bytes(head).contains(
                "Content-Type: multipart/byteranges; boundary=00000000000000000009"))
    }

    @Test func headOfNotModified() {
        let head = Self.head(304) {
            $0.validators = FileValidators(
                FileStatus(kind: .regular, size: 2, modified: 1), now: 4_000_000_000)
            $0.hasETag = true
        }
        #expect(
            bytes(head) == [
                "HTTP/1.1 304 Not Modified", "Server: apus/\(Version.number)", "Date: NOW",
                "Last-Modified: Thu, 01 Jan 1970 00:00:01 GMT", "Connection: keep-alive",
                "ETag: \"1-2-0\"",
            ])
    }

    @Test func headOfRedirect() {
        let head = Self.head(301) {
            $0.contentLength = 0
            $0.locationPlace = .first
        }
        #expect(
            bytes(head, location: "http://a/b/") == [
                "HTTP/1.1 301 Moved Permanently", "Server: apus/\(Version.number)", "Date: NOW",
                "Content-Length: 0", "Location: http://a/b/", "Connection: keep-alive",
            ])
    }

    @Test func headOfExternalRedirect() {
        let head = Self.head(301) {
            $0.contentLength = 0
            $0.locationPlace = .amongAdded
        }
        #expect(
            bytes(head, location: "") == [
                "HTTP/1.1 301 Moved Permanently", "Server: apus/\(Version.number)", "Date: NOW",
                "Content-Length: 0", "Connection: keep-alive", "Location: ",
            ])
    }

    @Test func headOfMethodNotAllowed() {
        #expect(
            bytes(Self.head(405) { $0.sendsAllow = true }) == [
                "HTTP/1.1 405 Not Allowed", "Server: apus/\(Version.number)", "Date: NOW",
                "Connection: keep-alive", "Allow: GET, HEAD",
            ])
    }

    @Test func headWithoutFile() {
        #expect(
            bytes(Self.head(416) { $0.contentRange = .unsatisfied(of: 7) }).last
                == "Content-Range: bytes */7")
    }

    @Test func futureTimeIsReplacedByNow() {
        let head = Self.head(200) {
            $0.validators = FileValidators(
                FileStatus(kind: .regular, size: 1, modified: 99_999_999_999), now: 4_000_000_000)
        }
        #expect(bytes(head).contains("Last-Modified: NOW"))
    }

    @Test func addedFieldsFollowETag() {
        let arena = Arena()
        var head = Self.head(200) {
            $0.contentType = arena.store("text/html")
            $0.contentLength = 31
            $0.validators = FileValidators(
                FileStatus(kind: .regular, size: 31, modified: 1_000_000_000), now: 4_000_000_000)
            $0.hasETag = true
            $0.acceptsRanges = true
        }
        var added = AddedFields()
        added.lines = Array("\r\nA: a".utf8)
        added.last = Array("\r\nZ: z".utf8)
        #expect(
            bytes(head, adding: added).suffix(4) == [
                "ETag: \"3b9aca00-1f\"", "A: a", "Accept-Ranges: bytes", "Z: z",
            ])
        head.coding = .gzip
        #expect(
            bytes(head, adding: added).suffix(5).prefix(3) == [
                "ETag: \"3b9aca00-1f\"", "Content-Encoding: gzip", "A: a",
            ])
        head.isCompressedOnTheFly = true
        added.tagLine = []
        added.hidesModified = true
        let lines = bytes(head, adding: added)
        #expect(lines.suffix(4).prefix(2) == ["A: a", "Content-Encoding: gzip"])
        #expect(!lines.contains { $0.hasPrefix("ETag") || $0.hasPrefix("Last-Modified") })
    }

    /// Header values are computed from the response before it is compressed, cut to a range, or
    /// left out.
    @Test func plainHeadDescribesWholeContent() {
        let arena = Arena()
        let part = Self.head(206) {
            $0.contentType = arena.store("text/html")
            $0.contentLength = 2
            $0.wholeLength = 31
            $0.contentRange = .part(first: 0, last: 1, of: 31)
        }
        #expect(bytes(part.unfiltered)[0] == "HTTP/1.1 200 OK")
        #expect(bytes(part.unfiltered).contains("Content-Length: 31"))
        #expect(!bytes(part.unfiltered).contains { $0.hasPrefix("Content-Range") })
        let unmodified = Self.head(304) {
            $0.contentType = arena.store("text/html")
            $0.contentLength = 31
            $0.hidesContent = true
        }
        #expect(!bytes(unmodified).contains { $0.hasPrefix("Content-") })
        #expect(bytes(unmodified.unfiltered).contains("Content-Type: text/html"))
        #expect(bytes(unmodified.unfiltered)[0] == "HTTP/1.1 304 Not Modified")
    }

    @Test func overflowIsReported() {
        var clock = CachedTime()
        clock.update()
        var hasOverflowed = false
        _ = written(60) {
            Self.head(200) { _ in }.write(
                into: &$0, clock, location: [UInt8]().span, charset: [UInt8]().span,
                challenges: [UInt8]().span, cookies: [UInt8]().span)
            hasOverflowed = $0.hasOverflowed
        }
        #expect(hasOverflowed)
    }
}
