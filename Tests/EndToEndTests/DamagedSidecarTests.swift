import Foundation
import Glibc
import Testing

/// A damaged compressed file, for clients that get it decompressed.
@Suite(.enabled(if: Product.isApus, "nginx closes the connection as usual"))
struct DamagedSidecarTests {
    private static let whole = gzipped(wordyText(200_000))

    private static func gzipped(_ text: String) -> [UInt8] {
        let directory = try? TemporaryDirectory(files: ["a": .text(text)])
        guard let directory, (try? run("/usr/bin/gzip", [directory.root + "/a"]))?.succeeded == true
        else { return [] }
        return (try? readBytes(directory.root + "/a.gz")) ?? []
    }

    /// The end of the connection. For a body without length or chunks, only a reset shows that it
    /// is incomplete.
    private enum End { case reset, closed }

    private func receive(_ server: TestServer, _ request: String) throws -> ([UInt8], End) {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = server.port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        #expect(isConnected)
        let bytes = Array(request.utf8)
        #expect(unsafe send(client, bytes, bytes.count, 0) == bytes.count)
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            var one = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&one, 1, Int32(patienceSeconds * 1000)) > 0 else {
                throw RawClient.Failure.noResponse("the connection stays open")
            }
            let count = unsafe recv(client, &buffer, buffer.count, 0)
            if count == 0 { return (received, .closed) }
            if count < 0 {
                #expect(errno == ECONNRESET)
                return (received, .reset)
            }
            received += buffer.prefix(count)
        }
    }

    @Test(arguments: [
        ("at its beginning", 0), ("in its middle", 1), ("at its end", 2),
    ])
    func truncatedBodyIsDetectable(about: String, place: Int) throws {
        var bytes = Self.whole
        #expect(bytes.count > 1000)
        switch place {
        case 0: bytes = Array("this is no gzip".utf8)
        case 1: for index in bytes.count / 2..<bytes.count { bytes[index] = 0xFF }
        default: bytes.removeLast(9)
        }
        let server = try TestServer(
            "gunzip on; gzip_static always; location /unchunked/ { alias ROOT/; "
                + "chunked_transfer_encoding off; }",
            files: ["a.txt.gz": .bytes(bytes)])
        for request in [
            "GET /a.txt HTTP/1.0\r\n\r\n",
            "GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "GET /unchunked/a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            let (received, end) = try receive(server, request)
            // nginx sends nothing if it finds the damage in time.
            #expect(end == .reset || received.isEmpty, "\(request)")
        }
        let (received, _) = try receive(server, "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(!received.suffix(5).elementsEqual("0\r\n\r\n".utf8))
    }

    @Test func completeBodyClosesNormally() throws {
        let server = try TestServer(
            "gunzip on; gzip_static always;", files: ["a.txt.gz": .bytes(Self.whole)])
        let (received, end) = try receive(server, "GET /a.txt HTTP/1.0\r\n\r\n")
        #expect(end == .closed)
        #expect(received.suffix(1000).elementsEqual(wordyText(200_000).utf8.suffix(1000)))
    }
}
