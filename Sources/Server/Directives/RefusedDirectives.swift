import Configuration

/// Directives that a file server cannot implement: each is an error with a remedy.
enum RefusedDirectives {
    static let rows: [DirectiveRow<Draft>] =
        proxying + encryption + rewritingResponses + otherContent + subrequests + programs
        + commercial + protocols

    /// The remedy for TLS.
    static let endTLSInFront =
        "terminate TLS in front of apus (hitch, stunnel, HAProxy, Caddy, nginx, a load balancer) "
        + "and let it connect to a \"listen\" without this parameter"

    private static let keepProxy =
        "remove it, or use a server in front of apus that proxies these requests"
    private static let prepare = "remove it, and prepare the files before they are served"
    private static let inFront = "remove it, or let a server in front of apus do this"

    private typealias Row = DirectiveRow<Draft>

    private static let location: Contexts = [.location, .ifInLocation]

    private static let proxying: [Row] = [
        .refused(
            "proxy_pass", in: [.location, .ifInLocation, .limitExcept],
            "Passes requests to another server.", advice: keepProxy),
        .refused(
            "fastcgi_pass", in: location, "Passes requests to a FastCGI server.",
            advice: keepProxy),
        .refused(
            "uwsgi_pass", in: location, "Passes requests to a uwsgi server.", advice: keepProxy),
        .refused(
            "scgi_pass", in: location, "Passes requests to an SCGI server.", advice: keepProxy),
        .refused(
            "grpc_pass", in: location, "Passes requests to a gRPC server.", advice: keepProxy),
        .refused(
            "memcached_pass", in: location, "Serves responses from memcached.", advice: keepProxy),
        .refused(
            "tunnel_pass", in: [.server, .location, .ifInLocation],
            "Connects a client to another server.", advice: keepProxy),
        .refused(
            "internal_redirect", in: [.server, .location],
            "Redirects internally before access is checked.",
            advice: "remove it, or use \"rewrite\""),
    ]

    private static let encryption: [Row] = [
        .refused(
            "ssl", in: [.http, .server], unless: "off", "Enables TLS on every port of a server.",
            advice: endTLSInFront)
    ]

    private static let rewritingResponses: [Row] = [
        .refused(
            "ssi", in: [.http, .server, .location, .ifInLocation], unless: "off",
            "Executes commands in pages (server-side includes).", advice: prepare),
        .refused(
            "sub_filter", in: .httpServerLocation, "Replaces text in responses.", advice: prepare),
        .refused(
            "xslt_stylesheet", in: .location, "Transforms XML by a stylesheet.", advice: prepare),
        .refused(
            "image_filter", in: .location, unless: "off", "Resizes and checks images.",
            advice: prepare),
        .refused(
            "brotli", in: [.http, .server, .location, .ifInLocation], unless: "off",
            "Compresses responses with Brotli.",
            advice: "precompress the files and use \"brotli_static on\""),
        .refused(
            "zstd", in: [.http, .server, .location, .ifInLocation], unless: "off",
            "Compresses responses with Zstandard.",
            advice: "precompress the files and use \"zstd_static on\""),
        .refused(
            "slice", in: .httpServerLocation, unless: "0", "Requests large responses in slices.",
            advice: "remove it: files are read in pieces anyway"),
    ]

    private static let otherContent: [Row] = [
        .refused(
            "dav_methods", in: .httpServerLocation, unless: "off",
            "Lets clients change files (WebDAV).", advice: "remove it: apus never writes files"),
        .refused(
            "create_full_put_path", in: .httpServerLocation, unless: "off",
            "Creates directories for uploads (WebDAV).",
            advice: "remove it: apus never writes files"),
        .refused(
            "mp4", in: .location, "Seeks in MP4 files by time.",
            advice: "remove it: files are served whole, with byte ranges"),
        .refused(
            "flv", in: .location, "Seeks in FLV files by offset.",
            advice: "remove it: files are served whole, with byte ranges"),
        .refused("f4f", in: .location, "Streams F4F files.", advice: prepare),
        .refused("hls", in: .location, "Streams MP4 and MOV files.", advice: prepare),
        .refused(
            "perl", in: [.location, .limitExcept], "Generates responses by a Perl program.",
            advice: keepProxy),
    ]

    private static let subrequests: [Row] = [
        .refused(
            "auth_request", in: .httpServerLocation, unless: "off",
            "Asks another server whether a request is allowed.",
            advice: "use \"auth_basic\" or \"allow\" and \"deny\", or authenticate in a server in "
                + "front of apus"),
        .refused(
            "auth_request_set", in: .httpServerLocation,
            "Stores that server's response in a variable.", advice: inFront),
        .refused(
            "mirror", in: .httpServerLocation, unless: "off",
            "Sends a copy of each request to another server.", advice: inFront),
        .refused(
            "post_action", in: [.http, .server, .location, .ifInLocation], unless: "off",
            "Sends another request after the response.",
            advice: "remove it, and read the access log instead"),
    ]

    /// Variables from databases, and lists of clients.
    private static let programs: [Row] =
        [
            ("geoip_country", Contexts.http), ("geoip_city", .http), ("geoip_org", .http),
            ("geoip_proxy", .http), ("geoip_proxy_recursive", .http),
        ].map {
            .refused(
                $0.0, in: $0.1, "Looks up the location of a client.",
                advice: "remove it, or name the networks in a \"geo\" block")
        }
        + [
            "modern_browser", "ancient_browser", "modern_browser_value", "ancient_browser_value",
        ].map {
            .refused(
                $0, in: .httpServerLocation, "Distinguishes old and modern browsers.",
                advice: "remove it, or use a \"map\" of $http_user_agent")
        }
        + [("perl_set", Contexts.http), ("perl_modules", .http), ("perl_require", .http)].map {
            .refused($0.0, in: $0.1, "Runs Perl programs.", advice: inFront)
        }
        + scripts.map {
            .refused($0.0, in: $0.1, "Runs JavaScript programs (njs).", advice: inFront)
        }

    private static let scripts: [(String, Contexts)] = [
        ("js_content", [.location, .ifInLocation, .limitExcept]),
        ("js_header_filter", [.location, .ifInLocation, .limitExcept]),
        ("js_body_filter", [.location, .ifInLocation, .limitExcept]),
        ("js_access", .httpServerLocation), ("js_set", .httpServerLocation),
        ("js_var", .httpServerLocation), ("js_import", .httpServerLocation),
        ("js_include", .http), ("js_path", .httpServerLocation), ("js_periodic", .location),
        ("js_preload_object", .httpServerLocation), ("js_shared_dict_zone", .http),
        ("js_engine", .httpServerLocation), ("js_context_reuse", .httpServerLocation),
        ("js_load_http_native_module", .main),
        ("js_fetch_buffer_size", .httpServerLocation),
        ("js_fetch_ciphers", .httpServerLocation),
        ("js_fetch_max_response_buffer_size", .httpServerLocation),
        ("js_fetch_protocols", .httpServerLocation), ("js_fetch_timeout", .httpServerLocation),
        ("js_fetch_trusted_certificate", .httpServerLocation),
        ("js_fetch_verify", .httpServerLocation), ("js_fetch_verify_depth", .httpServerLocation),
        ("js_fetch_keepalive", .httpServerLocation), ("js_fetch_proxy", .httpServerLocation),
    ]

    /// Directives of the commercial nginx.
    private static let commercial: [Row] = [
        .refused(
            "auth_jwt", in: [.http, .server, .location, .limitExcept], unless: "off",
            "Requires a JSON Web Token.", advice: inFront),
        .refused(
            "auth_require", in: [.http, .server, .location, .limitExcept],
            "Sets conditions on tokens.", advice: inFront),
        .refused(
            "auth_jwt_require", in: [.http, .server, .location, .limitExcept],
            "Sets conditions on tokens.", advice: inFront),
        .refused(
            "auth_oidc", in: .httpServerLocation, unless: "off",
            "Authenticates with an OpenID "
                + "provider.",
            advice: inFront),
        .refused(
            "api", in: .location, "Responds with the server's state.",
            advice: "use \"stub_status\" or the access log"),
        .refused(
            "status", in: .location, "Responds with the server's state.",
            advice: "use \"stub_status\" or the access log"),
        .refused(
            "health_check", in: .location, "Checks the health of upstream servers.",
            advice: keepProxy),
        .refused(
            "keyval", in: .http, "Sets variables from a store of keys and values.",
            advice: "remove it, or use a \"map\""),
        .refused(
            "keyval_zone", in: .http, "Defines a store of keys and values.",
            advice: "remove it, or use a \"map\""),
        .refused(
            "zone_sync", in: .main, "Shares zones among several machines.",
            advice: "remove it: zones are shared among the workers of one machine"),
        .refused(
            "mgmt", in: .main, "Reports usage to the vendor.",
            advice: "remove it: nothing is reported"),
    ]

    private static let protocols: [Row] = [
        .refused(
            "mail", in: .main, "Proxies mail protocols.",
            advice: "remove the block, or keep nginx for mail"),
        .refused(
            "stream", in: .main, "Proxies TCP and UDP.",
            advice: "remove the block, or keep nginx for it"),
    ]
}
