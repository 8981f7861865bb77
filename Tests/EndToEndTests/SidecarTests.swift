import Foundation
import Testing

/// brotli_static, zstd_static, and gzip_static beside them.
@Suite(.enabled(if: Product.isApus, "nginx has these as modules of others"))
struct SidecarTests {
    private static let files: [String: Fixture] = [
        "a.txt": "plain", "a.txt.gz": "gzipped", "a.txt.br": "brotli", "a.txt.zst": "zstd",
        "b.txt": "plain", "b.txt.gz": "gzipped",
    ]
    private static let all = "gzip_static on; brotli_static on; zstd_static on; gzip_vary on;"

    @Test(arguments: [
        ("gzip", "gzip", "gzipped"), ("br", "br", "brotli"), ("zstd", "zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd", "zstd"), ("gzip, br", "br", "brotli"),
        ("br;q=0.5, gzip", "gzip", "gzipped"), ("zstd;q=0, br;q=0.1", "br", "brotli"),
        ("identity", nil, "plain"), ("", nil, "plain"), ("zstd;q=0", nil, "plain"),
    ])
    func preferredEncodingIsSent(value: String, coding: String?, text: String) throws {
        let server = try TestServer(Self.all, files: Self.files)
        let response = try server.fetch("/a.txt", ["Accept-Encoding: \(value)"])
        #expect(response["Content-Encoding"] == coding)
        #expect(response.text == text)
        #expect(response["Vary"] == "Accept-Encoding")
        #expect(response["Content-Type"] == "text/plain")
        let missing = try server.fetch("/b.txt", ["Accept-Encoding: br, gzip;q=0.1"])
        #expect(missing.text == "gzipped")
    }

    @Test func freshIgnoresOlderSidecar() throws {
        let server = try TestServer("gzip_static fresh;", files: Self.files)
        let accept = ["Accept-Encoding: gzip"]
        #expect(try server.fetch("/a.txt", accept).text == "gzipped")
        // The file is changed, its sidecar is not.
        try Data("newer".utf8).write(to: URL(fileURLWithPath: server.directory.root + "/a.txt"))
        let response = try server.fetch("/a.txt", accept)
        #expect(response.text == "newer" && response["Content-Encoding"] == nil)
    }

    @Test func alwaysSendsSidecarToAllClients() throws {
        let server = try TestServer("brotli_static always;", files: Self.files)
        #expect(try server.fetch("/a.txt").text == "brotli")
        #expect(try server.fetch("/b.txt").text == "plain")
    }
}
