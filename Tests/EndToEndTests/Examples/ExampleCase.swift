import Foundation
import Testing

/// A configuration of conf/examples, with requests and the responses that its comments promise.
struct ExampleCase: CustomTestStringConvertible {
    let file: String
    let requests: [ExampleRequest]

    init(_ file: String, _ requests: ExampleRequest...) {
        self.file = file
        self.requests = requests
    }

    var testDescription: String { file }
}

/// A request and its response.
struct ExampleRequest {
    let target: String
    let status: Int
    var host = "localhost"
    /// The index of the example's port: 0 is 8080, 1 is 8081.
    var port = 0
    /// Headers of the request, as whole lines.
    var asking: [String] = []
    /// Headers of the response; nil for one that must be absent.
    var fields: [String: String?] = [:]
    /// A text that the body contains.
    var text: String?

    static func get(
        _ target: String, host: String = "localhost", port: Int = 0, with asking: [String] = [],
        _ status: Int, _ fields: [String: String?] = [:], text: String? = nil
    ) -> ExampleRequest {
        ExampleRequest(
            target: target, status: status, host: host, port: port, asking: asking,
            fields: fields, text: text)
    }
}

extension ExampleCase {
    static let all: [ExampleCase] = [
        singlePageApp, downloads, docsVersions, precompressedAssets, virtualHosts,
        passwordProtected, balanced, errorPages, health, containers,
    ]

    private static let immutable = "public, max-age=31536000, immutable"
    private static let script = "/assets/app.3f9a1c07.js"

    static let singlePageApp = ExampleCase(
        "single-page-app.conf",
        .get("/", 200, ["Cache-Control": "no-cache", "Content-Type": "text/html"], text: "Swifts"),
        .get("/sightings/2026", 200, ["Cache-Control": "no-cache"], text: "Swifts"),
        .get(script, 200, ["Cache-Control": immutable], text: "const views"),
        .get(
            script, with: ["Accept-Encoding: gzip"], 200,
            ["Content-Encoding": "gzip", "Vary": "Accept-Encoding"]),
        .get("/assets/app.00000000.js", 404),
        .get("/api/birds", 404))

    static let downloads = ExampleCase(
        "downloads.conf",
        .get("/", 200, ["Content-Type": "text/html; charset=utf-8"], text: "releases/"),
        .get("/?C=S&O=D", 200, text: "README.txt"),
        .get("/README.txt", 200, ["Content-Disposition": nil], text: "Releases"),
        .get(
            "/releases/swiftwatch-1.1.txt", 200, ["Content-Disposition": "attachment"],
            text: "What swiftwatch 1.1 brought."),
        .get(
            "/releases/swiftwatch-1.1.txt", with: ["Range: bytes=5-"], 206, text: "swiftwatch 1.1"),
        .get(
            "/releases/swiftwatch-1.1.txt.sha256", 200,
            ["Content-Type": "text/plain; charset=utf-8"]),
        .get(
            "/index/releases/", 200, ["Content-Type": "application/json"],
            text: "\"name\":\"swiftwatch-1.0.txt\""),
        .get("/.git/config", 404))

    static let docsVersions = ExampleCase(
        "docs-versions.conf",
        .get("/", 302, ["Location": "/2.0/"]),
        .get("/latest", 302, ["Location": "/2.0/"]),
        .get("/latest/start", 302, ["Location": "/2.0/start"]),
        .get("/2.0/", 200, ["X-Robots-Tag": nil], text: "swiftwatch 2.0"),
        .get("/2.0", 301, ["Location": "/2.0/"]),
        .get("/2.0/start", 200, text: "How to start swiftwatch 2.0"),
        .get("/1.0/start", 200, ["X-Robots-Tag": "noindex"], text: "swiftwatch 1.0"),
        .get("/1.0/install", 301, ["Location": "/1.0/start"]),
        .get("/manual/start", 301, ["Location": "/2.0/start"]),
        .get("/1.0/none", 404, text: "The documentation of 1.0 has no such page."),
        .get("/2.0/none", 404, text: "The documentation of 2.0 has no such page."),
        .get("/0.9/start", 410))

    static let precompressedAssets = ExampleCase(
        "precompressed-assets.conf",
        .get("/", 200, ["Cache-Control": "no-cache"], text: "Swifts"),
        .get(
            script, 200,
            [
                "Cache-Control": immutable, "Content-Encoding": nil,
                "Vary": "Accept-Encoding",
            ],
            text: "const views"),
        .get(
            script, with: ["Accept-Encoding: gzip, deflate, br"], 200,
            ["Content-Encoding": "br", "Content-Length": "204", "Cache-Control": immutable]),
        .get(
            script, with: ["Accept-Encoding: gzip"], 200,
            ["Content-Encoding": "gzip", "Content-Length": "266"]),
        .get("/assets/plain.css", 200, ["Cache-Control": "max-age=3600"]),
        .get("/notes.txt.gz", 404),
        .get(script + ".br", 404))

    static let virtualHosts = ExampleCase(
        "virtual-hosts.conf",
        .get("/", host: "example.org", 200, text: "This is example.org."),
        .get(
            "/a?b=c", host: "www.example.org", 301, ["Location": "http://example.org/a?b=c"]),
        .get("/", host: "shop.example.com", 301, ["Location": "http://example.org/"]),
        .get("/", host: "example.net", 200, text: "This is example.net."),
        .get("/", host: "a.b.example.net", 200, text: "This is example.net."),
        .get("/", host: "anna.users.example", 200, text: "This is what Anna writes."),
        .get("/", host: "otto.users.example", 404))

    static let passwordProtected = ExampleCase(
        "password-protected.conf",
        .get("/", 200, text: "Everybody may read this."),
        .get("/reports/", 401, ["WWW-Authenticate": "Basic realm=\"Reports\""]),
        .get("/reports/", with: [password("reader:wrong")], 401),
        .get(
            "/reports/", with: [password("reader:swift")], 200, ["Cache-Control": "private"],
            text: "Readers may read this."),
        .get("/office/", 401, ["WWW-Authenticate": "Basic realm=\"Office\""]),
        .get("/office/", with: [password("reader:swift")], 200, text: "The office may read this."),
        .get("/local/", 200, text: "The office may read this."))

    private static func password(_ pair: String) -> String {
        "Authorization: Basic \(Data(pair.utf8).base64EncodedString())"
    }

    static let balanced = ExampleCase(
        "behind-a-load-balancer.conf",
        .get("/healthz", 200, ["Content-Type": "text/plain"], text: "ok\n"),
        .get("/", with: ["X-Forwarded-Proto: https"], 200, text: "Swifts"),
        .get(
            "/a?b", host: "example.org", with: ["X-Forwarded-Proto: http"], 301,
            ["Location": "https://example.org/a?b"]))

    static let errorPages = ExampleCase(
        "error-pages.conf",
        .get("/", 200, text: "This is example.org."),
        .get("/none", 404, ["Content-Type": "text/html"], text: "There is no such page here."),
        .get("/errors/404.html", 404, text: "There is no such page here."),
        .get("/old.html", 410),
        .get("/avatars/otto.svg", 200, ["Content-Type": "image/svg+xml"], text: "<circle"))

    static let health = ExampleCase(
        "health-and-status.conf",
        .get("/healthz", 200, text: "ok\n"),
        .get("/readyz", 200, text: "This is example.org."),
        .get("/status", 404),
        .get("/status", port: 1, 200, text: "Active connections: "),
        .get(
            "/status.json", port: 1, 200, ["Content-Type": "application/json"],
            text: "{\"active\":"),
        .get("/", port: 1, 404))

    static let containers = ExampleCase(
        "containers.conf",
        .get("/healthz", 200, text: "ok\n"),
        .get("/", 200, ["Server": "apus"], text: "Swifts"),
        .get("/.well-known/none", 404),
        .get("/.env", 404),
        .get("/assets", 301, ["Location": "/assets/"]))
}
