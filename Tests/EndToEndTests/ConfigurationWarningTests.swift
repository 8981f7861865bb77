import Foundation
import Testing

/// Warnings of `-t`, in nginx's words.
@Suite struct ConfigurationWarningTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let servers: String
        let warnings: [String]
        var testDescription: String { servers }

        init(_ servers: String, _ warnings: String...) {
            self.servers = servers
            self.warnings = warnings
        }
    }

    static let rows = [
        Row("server { listen 127.0.0.1:{port}; }"),
        Row(
            "server { listen 127.0.0.1:{port}; } server { listen 127.0.0.1:{port}; }",
            "conflicting server name \"\" on 127.0.0.1:{port}, ignored"),
        Row(
            """
            server { listen 127.0.0.1:{port}; server_name a a .a; }
            server { listen 127.0.0.1:{port}; server_name a; }
            """,
            "conflicting server name \"a\" on 127.0.0.1:{port}, ignored",
            "conflicting server name \".a\" on 127.0.0.1:{port}, ignored",
            "conflicting server name \"a\" on 127.0.0.1:{port}, ignored"),
        Row(
            """
            server { listen 127.0.0.1:{port}; server_name .a a; }
            server { listen 127.0.0.1:{port}; server_name *.a; }
            """,
            "conflicting server name \"a\" on 127.0.0.1:{port}, ignored",
            "conflicting server name \"*.a\" on 127.0.0.1:{port}, ignored"),
        Row(
            """
            server { listen 127.0.0.1:{port}; listen 127.0.0.1:{port2}; server_name q ""; }
            server { listen 127.0.0.1:{port}; listen 127.0.0.1:{port2}; server_name q; }
            server { listen 127.0.0.1:{port2}; }
            """,
            "conflicting server name \"q\" on 127.0.0.1:{port}, ignored",
            "conflicting server name \"q\" on 127.0.0.1:{port2}, ignored",
            "conflicting server name \"\" on 127.0.0.1:{port2}, ignored"),
        Row("server { listen 127.0.0.1:{port}; server_name a a; }"),
        Row(
            "server { listen 127.0.0.1:{port}; server_name a/b; }",
            "server name \"a/b\" has suspicious symbols"),
        Row(
            """
            server {
                listen 127.0.0.1:{port};
                types { text/html html HTML; a/b html; } types { c/d q q; }
            }
            """,
            "duplicate extension \"html\", content type: \"text/html\", "
                + "previous content type: \"text/html\"",
            "duplicate extension \"html\", content type: \"a/b\", "
                + "previous content type: \"text/html\"",
            "duplicate extension \"q\", content type: \"c/d\", previous content type: \"c/d\""),
        Row(
            """
            server {
                listen 127.0.0.1:{port};
                gzip_types text/html a/b A/B; charset_types text/html x x; addition_types a a;
                location /a { gzip_types a/c * a/c; gzip_types a/c; }
            }
            """,
            "duplicate MIME type \"text/html\"", "duplicate MIME type \"a/b\"",
            "duplicate MIME type \"text/html\"", "duplicate MIME type \"x\"",
            "duplicate MIME type \"a\""),
    ]

    @Test(.enabled(if: Product.isApus), arguments: rows)
    func apusPrintsNginxWarnings(row: Row) throws {
        try expect(row, Product.binary, mark: "warning: ")
    }

    @Test(.enabled(if: NginxPeer.isThere), arguments: rows)
    func nginxPrintsTheSameWarnings(row: Row) throws {
        try expect(row, NginxPeer.binary, mark: "[warn] ")
    }

    private func expect(_ row: Row, _ binary: String, mark: String) throws {
        let one = DirectiveCase("types: warnings", servers: row.servers)
        let (isAccepted, said) = try CaseServer.check(binary, one)
        #expect(isAccepted, "\(said)")
        var found: [String] = []
        for line in said.components(separatedBy: "\n") {
            guard let start = line.range(of: mark)?.upperBound else { continue }
            let text = line[start...].components(separatedBy: " in /")[0]
            found.append(text)
        }
        let wanted = row.warnings.map { Self.withoutPorts($0) }
        #expect(found.map { Self.withoutPorts($0) }.sorted() == wanted.sorted(), "\(said)")
    }

    private static func withoutPorts(_ text: String) -> String {
        text.replacing(/127\.0\.0\.1:(\d+|\{port2?\})/, with: "127.0.0.1:PORT")
    }
}
