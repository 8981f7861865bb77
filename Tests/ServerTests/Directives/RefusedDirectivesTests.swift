import Configuration
import Testing

@testable import Server

/// Directives that would change responses are errors with a remedy.
@Suite struct RefusedDirectivesTests {
    @Test(arguments: [
        ("location / { proxy_pass http://127.0.0.1:3000; }", "proxy_pass"),
        (#"location ~ \.php$ { fastcgi_pass unix:/run/php.sock; }"#, "fastcgi_pass"),
        ("location / { uwsgi_pass a; }", "uwsgi_pass"),
        ("location / { scgi_pass a; }", "scgi_pass"),
        ("location / { grpc_pass a; }", "grpc_pass"),
        ("location / { tunnel_pass; }", "tunnel_pass"),
        ("location / { memcached_pass a; }", "memcached_pass"),
        ("ssl on;", "ssl"), ("ssi on;", "ssi"), ("sub_filter a b;", "sub_filter"),
        ("auth_request /a;", "auth_request"), ("mirror /a;", "mirror"),
        ("dav_methods PUT DELETE;", "dav_methods"), ("slice 1m;", "slice"),
        ("location / { mp4; }", "mp4"), ("location / { flv; }", "flv"),
        ("location / { image_filter resize 1 2; }", "image_filter"), ("brotli on;", "brotli"),
        ("location / { xslt_stylesheet a.xslt; }", "xslt_stylesheet"),
        ("location / { js_content a.b; }", "js_content"), ("post_action /a;", "post_action"),
        ("ancient_browser \"MSIE 6\";", "ancient_browser"), ("auth_jwt a;", "auth_jwt"),
        ("location / { api write=on; }", "api"), ("location / { status; }", "status"),
    ])
    func refusedInServer(text: String, name: String) {
        let outcome = loaded("events { }\nhttp { server { listen 80; \(text) } }\n")
        #expect(outcome.plan == nil)
        #expect(
            outcome.report.contains(
                "\"\(name)\" directive is refused: apus compresses with gzip only"),
            "\(outcome.report)")
        #expect(outcome.report.contains("\nhelp: "))
    }

    @Test(arguments: [
        ("stream { upstream a { server b:1; } server { listen 1; proxy_pass a; } }", "stream"),
        ("mail { server { listen 110; protocol pop3; } }", "mail"),
        ("http { geoip_country /a; }", "geoip_country"), ("http { perl_set $a b; }", "perl_set"),
    ])
    func refusedOutsideServer(text: String, name: String) {
        let outcome = loaded("events { }\n\(text)\n")
        let errors = outcome.report.split(separator: "\n").filter { $0.contains(" error: ") }
        #expect(errors.count == 1 && errors[0].contains("\"\(name)\" directive is refused"))
    }

    @Test(arguments: ["ssl", "quic", "http3"])
    func sslParameterIsRefusedAtItsPlace(word: String) {
        let outcome = loaded("events { }\nhttp { server { listen 443 \(word); } }\n")
        #expect(outcome.report.hasPrefix("/nowhere/apus.conf:2:28: error: the \"\(word)\" param"))
        #expect(outcome.report.contains("help: terminate TLS in front of apus"))
    }

    @Test func everyRefusedDirectiveIsError() throws {
        for row in RefusedDirectives.rows {
            let outcome = loaded("events { } \(row.name) x;")
            #expect(outcome.report.contains("\"\(row.name)\" directive is refused"))
            guard let ignoredValue = row.defaultText else { continue }
            let context =
                row.contexts.contains(.server)
                ? "server { \(row.name) \(ignoredValue); }"
                : "server { location / { \(row.name) \(ignoredValue); } }"
            #expect(loaded("events { } http { \(context) }").report.isEmpty, "\(row.name)")
        }
    }
}
