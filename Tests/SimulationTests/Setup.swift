import Testing

@testable import Server

/// A configuration of the simulated worker, with the numbers that the model needs.
struct Setup {
    /// The prefixes of locations that serve the files.
    var prefixes = [""]
    var keepaliveRequests = 1000
    var workerConnections = 32
    var lingering = "on"
    var acceptsMany = false
    var cache = "size=1m entries=64"
    var sendfileChunk = "2m"
    var usesHelper = false
    var expectsProxyHeader = false

    static let text = Array("a text".utf8)
    static let bodyLimit = 4000
    static let headerTimeoutMs: Int64 = 7000
    static let bodyTimeoutMs: Int64 = 11_000
    static let sendTimeoutMs: Int64 = 13_000
    static let keepaliveTimeoutMs: Int64 = 17_000
    static let lingeringTimeoutMs: Int64 = 3000
    static let lingeringTimeMs: Int64 = 19_000

    /// Creates one of a limited number of configurations, since compiling takes time.
    init(using seeds: inout SeededGenerator) {
        var random = SeededGenerator(seed: UInt64(seeds.below(80)))
        keepaliveRequests = random.pick([1, 3, 1000, 1000, 1000, 1000])
        workerConnections = random.pick([2, 4, 32, 32])
        lingering = random.pick(["on", "on", "off", "always"])
        acceptsMany = random.once(in: 3)
        cache = random.pick(
            ["size=1m entries=64", "size=1m entries=4", "size=30k entries=8", "off"])
        sendfileChunk = random.pick(["2m", "5k"])
        prefixes = seeds.pick([[""], ["", "/p"], ["", "/p", "/l"], ["", "/q"], ["", "/z"]])
    }

    /// The configuration. All locations serve the same files.
    var configuration: String {
        let alias = "alias \(Site.root)/;"
        return """
            events { worker_connections \(workerConnections);
                multi_accept \(acceptsMany ? "on" : "off"); }
            http {
              content_cache \(cache);
              client_header_timeout 7s; client_body_timeout 11s; send_timeout 13s;
              keepalive_timeout 17s; lingering_timeout 3s; lingering_time 19s;
              keepalive_requests \(keepaliveRequests); lingering_close \(lingering);
              sendfile on; sendfile_max_chunk \(sendfileChunk);
              client_max_body_size \(Setup.bodyLimit);
              types { text/plain txt; application/octet-stream bin; text/html html; }
              limit_req_zone $binary_remote_addr zone=requests:64k rate=5r/s;
              server {
                listen 127.0.0.1:80; root \(Site.root);
                location = /text { return 200 "a text"; }
                location = /status-204 { return 204; }
                location = /status-403 { return 403; }
                location = /status-301 { return 301 http://a/elsewhere; }
                location = /drop { return 444; }
                location /try/ { try_files $uri /a.txt; }
                location /p/ { \(alias) sendfile off; }
                location /l/ { \(alias) limit_rate 20k; limit_rate_after 1k; }
                location /q/ { \(alias) limit_req zone=requests burst=1000; }
                location /z/ { \(alias) gzip on; gzip_min_length 300; gzip_types text/plain; }
              }
            }
            """
    }
}

/// The plans of configurations, each compiled once.
final class Plans {
    private var plans: [String: Plan] = [:]

    func plan(of setup: Setup) throws -> Plan {
        let text = setup.configuration
        if let plan = plans[text] { return plan }
        let outcome = ConfigurationLoader.load(
            LoadRequest(path: "/nowhere/apus.conf", text: Array(text.utf8), prefix: "/nowhere"))
        let plan = try #require(outcome.plan, "\(outcome.report)")
        plans[text] = plan
        return plan
    }
}
