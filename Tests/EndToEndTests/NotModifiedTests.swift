import Foundation
import Testing

/// A 304 has the same headers as the 200 that the request would get without If-None-Match
/// (RFC 9110, section 15.4.5), for all combinations of compression, sidecars and added headers.
@Suite(.enabled(if: Product.isApus, "nginx sends other fields, as the list of differences says"))
struct NotModifiedTests {
    /// The directives of a location, one choice from each row.
    private static let choices = [
        ["", "gzip on; gzip_types *;", "gzip on; gzip_cache plain;", "gzip on; gzip_cache off;"],
        ["", "gzip_static on;", "gzip_static always;"],
        ["", "gunzip on;"],
        ["", "brotli_static on;"],
        ["", "gzip_vary on;"],
        [
            "", "etag off;", "charset utf-8;", "add_after_body /tail; addition_types *;",
            "expires $expires_by_type; add_header X-Type $sent_http_content_type;",
            "add_header ETag '\"own\"';", "add_trailer X-T 1;",
            "charset utf-8; source_charset iso-8859-1; charset_types *;",
        ],
    ]
    private static let accepted = ["", "gzip", "br", "gzip, br", "br;q=0.5, gzip", "gzip;q=0"]
    private static let fields = [
        "ETag", "Vary", "Content-Location", "Cache-Control", "Expires", "Last-Modified", "X-Type",
    ]

    private static var combinations: [String] {
        choices.reduce([""]) { texts, more in
            texts.flatMap { text in more.map { text + " " + $0 } }
        }
    }

    @Test func notModifiedHasHeadersOfFileResponse() throws {
        let page = wordyText(3000)
        let locations = Self.combinations.enumerated().map { index, text in
            "location /\(index)/ { alias ROOT/; \(text) }"
        }
        let server = try TestServer(
            "keepalive_requests 1000000;\n" + locations.joined(separator: "\n"),
            http: """
                map $sent_http_content_type $expires_by_type { text/html max; default epoch; }
                charset_map iso-8859-1 utf-8 { E4 C3A4; }
                """,
            files: [
                "a.html": .text(page), "a.html.gz": .bytes(try gzip(page)), "a.html.br": "br",
                "b.html": .text(page), "tail": "tail",
            ])
        let client = try server.connect()
        for (index, text) in Self.combinations.enumerated() {
            for file in ["a.html", "b.html"] {
                for accept in Self.accepted {
                    let target = "/\(index)/\(file)"
                    let wanted = accept.isEmpty ? [] : ["Accept-Encoding: \(accept)"]
                    try compare(client, target, wanted, "\(text) \(file) \(accept)")
                }
            }
        }
    }

    @Test func notModifiedHasHeadersOfTextResponse() throws {
        let server = try TestServer(
            """
            gzip on; gzip_vary on; gzip_min_length 1; gzip_types *;
            location /text { return 200 text; }
            location /typed { add_header X-Type $sent_http_content_type; return 200 text; }
            location /gif { empty_gif; }
            """)
        let client = try server.connect()
        for path in ["/text", "/typed", "/gif"] {
            for accept in ["gzip", "identity"] {
                let condition = path == "/gif" ? "If-Modified-Since" : "If-None-Match"
                let value =
                    path == "/gif" ? try fetch(client, path, [])["Last-Modified"] ?? "" : "*"
                try compare(
                    client, path, ["Accept-Encoding: \(accept)"], "\(path) \(accept)",
                    condition: "\(condition): \(value)")
            }
        }
    }

    /// Sends the request with a condition, without it, and with it again. The response changes
    /// once, when the compressed file becomes available; then one of the two 304s belongs to the
    /// other version.
    private func compare(
        _ client: RawClient, _ target: String, _ fields: [String], _ name: String,
        condition: String = "If-None-Match: *"
    ) throws {
        let before = try fetch(client, target, fields + [condition])
        let whole = try fetch(client, target, fields)
        let after = try fetch(client, target, fields + [condition])
        let wanted = whole.status == 200 ? 304 : whole.status
        #expect(before.status == wanted && after.status == wanted, "\(name)")
        let ours = Self.values(whole)
        let isEqual = Self.values(before) == ours || Self.values(after) == ours
        #expect(isEqual, "\(name): \(Self.values(before)), \(Self.values(after)), not \(ours)")
    }

    private func fetch(
        _ client: RawClient, _ target: String, _ fields: [String]
    ) throws -> Response {
        try client.request("GET \(target) HTTP/1.1", fields)
        return try client.response()
    }

    private static func values(_ response: Response) -> [[String]] {
        fields.map { response.values($0) }
    }
}
