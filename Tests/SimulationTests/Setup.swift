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
    var countsConnections = false
    var resetsTimedOut = false
    var hasLargeInput = false
    /// The indexes of the paths that clients request.
    var paths: [Int]

    static let text = Array("a text".utf8)
    static let bodyLimit = 4000
    static let headerTimeoutMs: Int64 = 7000
    static let bodyTimeoutMs: Int64 = 11_000
    static let sendTimeoutMs: Int64 = 13_000
    static let keepaliveTimeoutMs: Int64 = 17_000
    static let lingeringTimeoutMs: Int64 = 3000
    static let lingeringTimeMs: Int64 = 6000
    /// The longest time without a byte in which the server must end a connection.
    static let longestMs: Int64 = 20_000

    static let accessLog = "/log/access.log"
    static let errorLog = "/log/error.log"

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
        expectsProxyHeader = random.once(in: 5)
        countsConnections = random.once(in: 4)
        resetsTimedOut = random.once(in: 4)
        hasLargeInput = random.once(in: 3)
        // With few paths, most are cached.
        paths = seeds.pick([Array(Site.paths.indices), [4, 5, 6, 7], [0, 4], [2, 5, 8]])
        usesHelper = seeds.once(in: 3)
        prefixes = seeds.pick([
            [""], ["", "/p"], ["", "/p", "/l"], ["", "/q"], ["", "/z"], ["", "/a", "/ap"],
            ["/z", "/a"], ["", "/c"], ["/l", "/a"], ["/q", "/ap"], ["/e"],
        ])
    }

    /// The configuration. All locations serve the same files.
    var configuration: String {
        let alias = "alias \(Site.root)/;"
        return """
            master_process off; error_log \(Setup.errorLog) error;
            events { worker_connections \(workerConnections);
                multi_accept \(acceptsMany ? "on" : "off"); }
            http {
              log_format all "$remote_port $connection_requests $status $body_bytes_sent";
              access_log \(Setup.accessLog) all;
              client_header_buffer_size \(hasLargeInput ? "8k" : "1k");
              content_cache \(cache);
              client_header_timeout 7s; client_body_timeout 11s; send_timeout 13s;
              keepalive_timeout 17s; lingering_timeout 3s; lingering_time 6s;
              keepalive_requests \(keepaliveRequests); lingering_close \(lingering);
              sendfile on; sendfile_max_chunk \(sendfileChunk);
              client_max_body_size \(Setup.bodyLimit);
              types { text/plain txt; application/octet-stream bin; text/html html; }
              limit_req_zone $binary_remote_addr zone=requests:64k rate=5r/s;
              limit_conn_zone $binary_remote_addr zone=connections:64k;
              reset_timedout_connection \(resetsTimedOut ? "on" : "off");
              server {
                listen 127.0.0.1:80\(expectsProxyHeader ? " proxy_protocol" : "");
                root \(Site.root);
                location = /text { return 200 "a text"; }
                location = /proxy { return 200 "[$proxy_protocol_addr]"; }
                \(countsConnections ? "location = /counts { stub_status; }" : "")
                location = /status-204 { return 204; }
                location = /status-403 { return 403; }
                location = /status-301 { return 301 http://a/elsewhere; }
                location = /drop { return 444; }
                location /try/ { try_files $uri /a.txt; }
                location /p/ { \(alias) sendfile off; }
                location /l/ { \(alias) limit_rate 20k; limit_rate_after 1k; }
                location /q/ { \(alias) limit_req zone=requests burst=1000; }
                location /c/ { \(alias) limit_conn connections 1; limit_rate 20k; }
                location /a/ { \(alias) aio threads; }
                location /ap/ { \(alias) aio threads; sendfile off; }
                location /e/ { \(alias) error_page 404 =204 /fixed.txt; }
                location = /fixed.txt { alias /srv/fixed.txt; }
                location /z/ { \(alias) gzip on; gzip_min_length 300; gzip_types text/plain; }
              }
            }
            """
    }
}

/// The configuration, and the proxy that a client is connected to.
struct ClientSetup {
    let server: Setup
    /// The bytes before the first request.
    var proxyHeader: [UInt8] = []
    /// The address in them.
    var proxiedAddress = ""
    var hasBrokenHeader = false

    init(_ server: Setup, using random: inout SeededGenerator) {
        self.server = server
        guard server.expectsProxyHeader else { return }
        let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
        let addresses: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 7, 1, 0, 2, 0]
        switch random.below(12) {
        case 0: proxyHeader = Array("PROXY UNKNOWN\r\n".utf8)
        case 1: proxyHeader = signature + [0x20, 0, 0, 0]
        case 2, 3: proxyHeader = signature + [0x21, 0x11, 0, 12] + addresses
        case 4:
            // Larger than an input buffer, which has to grow.
            let rest = [UInt8](repeating: 7, count: 2036)
            proxyHeader = signature + [0x21, 0x11, 8, 0] + addresses + rest
        case 5:
            hasBrokenHeader = true
            proxyHeader = Array(random.once(in: 2) ? "PROXY TCP4 a\r\n".utf8 : "GET / H".utf8)
        default: proxyHeader = Array("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n".utf8)
        }
        if proxyHeader.count > 16, !hasBrokenHeader { proxiedAddress = "192.0.2.1" }
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
