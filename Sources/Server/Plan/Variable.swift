import Configuration
import Files

/// The built-in variables, and two kinds that a configuration defines.
enum Variable: UInt8, BitwiseCopyable {
    case literal
    /// A group of the last regular expression that matched.
    case capture
    /// A variable of the configuration.
    case slot
    case field, argument, cookie, sentField, sentTrailer
    /// A value of the PROXY protocol header.
    case proxyTLV
    case args, bodyBytesSent, bytesSent, connection, connectionRequests
    case connectionTime, contentLength, contentType, documentRoot, documentURI, host, hostname
    case isArgs, milliseconds, nginxVersion, pid, pipe, remoteAddress, remotePort, remoteUser
    case request, requestCompletion, requestLength, requestMethod, requestTime, requestURI, scheme
    case serverAddress, serverName, serverPort, serverProtocol, status, timeISO8601, timeLocal
    case binaryRemoteAddress, requestFilename, realpathRoot, requestPort, isRequestPort
    /// `$proxy_add_x_forwarded_for`, which needs no proxy.
    case forwardedFor
    case proxyAddress, proxyPort, proxyServerAddress, proxyServerPort
    case socketAddress, socketPort
    case tcpRoundTrip, tcpRoundTripVariance, tcpWindow, tcpReceiveSpace
    case requestID, gzipRatio
    case limitRate, limitRequestStatus, limitConnectionStatus
    case connectionsActive, connectionsReading, connectionsWriting, connectionsWaiting
    case secureLink, secureLinkExpires, invalidReferer, uidGot, uidSet, uidReset
    case dateGMT, dateLocal
    case empty
    /// A variable of nginx that has no value here.
    case unsupported

    /// The cacheability of a response that contains the value. The values of captures and of the
    /// configuration's variables come from others, which are recorded themselves.
    var cacheability: Cacheability {
        switch self {
        case .literal, .capture, .slot, .documentURI, .documentRoot, .requestFilename,
            .serverName, .hostname, .nginxVersion, .scheme, .empty, .unsupported:
            .shared
        case .field, .argument, .cookie, .sentField, .sentTrailer, .args, .bodyBytesSent,
            .bytesSent, .connection, .connectionRequests, .connectionTime, .contentLength,
            .contentType, .host, .isArgs, .milliseconds, .pid, .pipe, .remoteAddress, .remotePort,
            .remoteUser, .request, .requestCompletion, .requestLength, .requestMethod,
            .requestTime, .requestURI, .serverAddress, .serverPort, .serverProtocol, .status,
            .timeISO8601, .timeLocal, .binaryRemoteAddress, .realpathRoot, .requestPort,
            .isRequestPort, .forwardedFor, .proxyAddress, .proxyPort, .proxyServerAddress,
            .proxyServerPort, .socketAddress, .socketPort, .tcpRoundTrip, .tcpRoundTripVariance,
            .tcpWindow, .tcpReceiveSpace, .requestID, .gzipRatio, .limitRate,
            .limitRequestStatus, .limitConnectionStatus, .connectionsActive, .connectionsReading,
            .connectionsWriting, .connectionsWaiting, .secureLink, .secureLinkExpires,
            .invalidReferer, .uidGot, .uidSet, .uidReset, .dateGMT, .dateLocal:
            .perRequest
        case .proxyTLV: ProxyProtocolTLV.cacheability
        }
    }

    /// True if its value is not chosen by clients and consists of letters, digits and similar
    /// bytes.
    var isNumberOrTime: Bool {
        switch self {
        case .bodyBytesSent, .bytesSent, .connection, .connectionRequests, .connectionTime,
            .milliseconds, .pid, .remoteAddress, .remotePort, .requestLength, .requestTime,
            .serverAddress, .serverPort, .status, .timeISO8601, .timeLocal:
            true
        default: false
        }
    }

    /// The variables by nginx's names.
    private static let names: [String: Variable] = [
        "args": .args, "body_bytes_sent": .bodyBytesSent, "bytes_sent": .bytesSent,
        "connection": .connection, "connection_requests": .connectionRequests,
        "connection_time": .connectionTime, "content_length": .contentLength,
        "content_type": .contentType, "document_root": .documentRoot,
        "document_uri": .documentURI, "uri": .documentURI, "host": .host,
        "hostname": .hostname, "is_args": .isArgs, "msec": .milliseconds,
        "nginx_version": .nginxVersion, "pid": .pid, "pipe": .pipe, "query_string": .args,
        "remote_addr": .remoteAddress, "remote_port": .remotePort,
        "remote_user": .remoteUser, "request": .request,
        "request_completion": .requestCompletion, "request_length": .requestLength,
        "request_method": .requestMethod, "request_time": .requestTime,
        "request_uri": .requestURI, "scheme": .scheme, "server_addr": .serverAddress,
        "server_name": .serverName, "server_port": .serverPort,
        "server_protocol": .serverProtocol, "status": .status,
        "time_iso8601": .timeISO8601, "time_local": .timeLocal, "https": .empty,
        "realip_remote_addr": .socketAddress, "realip_remote_port": .socketPort,
        "proxy_protocol_addr": .proxyAddress, "proxy_protocol_port": .proxyPort,
        "proxy_protocol_server_addr": .proxyServerAddress,
        "proxy_protocol_server_port": .proxyServerPort, "tcpinfo_rtt": .tcpRoundTrip,
        "tcpinfo_rttvar": .tcpRoundTripVariance, "tcpinfo_snd_cwnd": .tcpWindow,
        "tcpinfo_rcv_space": .tcpReceiveSpace,
        "binary_remote_addr": .binaryRemoteAddress, "request_filename": .requestFilename,
        "realpath_root": .realpathRoot, "request_port": .requestPort,
        "is_request_port": .isRequestPort, "request_id": .requestID,
        "gzip_ratio": .gzipRatio, "proxy_add_x_forwarded_for": .forwardedFor,
        "http2": .empty, "http3": .empty, "fastcgi_script_name": .documentURI,
        "limit_rate": .limitRate, "limit_req_status": .limitRequestStatus,
        "limit_conn_status": .limitConnectionStatus, "connections_active": .connectionsActive,
        "connections_reading": .connectionsReading, "connections_writing": .connectionsWriting,
        "connections_waiting": .connectionsWaiting,
        "secure_link": .secureLink, "secure_link_expires": .secureLinkExpires,
        "invalid_referer": .invalidReferer, "uid_got": .uidGot, "uid_set": .uidSet,
        "uid_reset": .uidReset, "date_gmt": .dateGMT, "date_local": .dateLocal,
    ]

    /// Returns the variable with a name, and the rest of the name: for `http_user_agent` the field
    /// `user-agent`. As in nginx, a prefix alone is a variable with an empty name.
    static func named(_ name: String) -> (variable: Variable, rest: String)? {
        if let variable = names[name] { return (variable, "") }
        if UnsupportedVariables.contains(name) { return (.unsupported, "") }
        for (prefix, variable) in [
            ("http_", Variable.field), ("sent_http_", .sentField), ("arg_", .argument),
            ("cookie_", .cookie), ("sent_trailer_", .sentTrailer),
            (ProxyProtocolTLV.prefix, .proxyTLV),
        ] where name.hasPrefix(prefix) {
            let rest = String(name.dropFirst(prefix.utf8.count)).lowercased()
            if [.argument, .cookie, .proxyTLV].contains(variable) { return (variable, rest) }
            return (variable, String(decoding: rest.utf8.map(dashed), as: UTF8.self))
        }
        return nil
    }

    private static func dashed(_ byte: UInt8) -> UInt8 {
        byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte
    }

    /// Returns true if a configuration cannot define a variable with this name.
    static func isBuiltIn(_ name: String) -> Bool {
        names[name] != nil && name != "uid_reset" || UnsupportedVariables.contains(name)
    }

    /// All names, for suggestions.
    static var allNames: [String] { UnsupportedVariables.names.union(names.keys).sorted() }
}

/// The source of a variable that the configuration defines.
enum VariableSource: Equatable {
    /// `set`: empty until it is assigned.
    case assigned
    /// A named group: without a value until its regular expression has matched.
    case captured
    /// The index of the draft's map.
    case map(Int)
    /// The index of the draft's geo.
    case geo(Int)
    /// The index of the draft's split_clients.
    case split(Int)
}

/// The variables that a configuration defines, with their slots, while it is read.
struct VariableDrafts {
    private(set) var names: [String] = []
    private(set) var sources: [VariableSource] = []
    private var slots: [String: Int] = [:]

    /// Declares a variable and returns its slot, which may exist already: a `map` and a `set` may
    /// share one. Built-in variables are refused.
    mutating func declare(
        _ name: String, _ source: VariableSource, _ use: DirectiveUse, at index: Int
    ) throws(Diagnostic) -> Int {
        if Variable.isBuiltIn(name) {
            throw use.fail("the duplicate \"\(name)\" variable", at: index)
        }
        return declare(name, source)
    }

    /// Declares a variable `$name` that is an argument.
    mutating func declare(
        argument index: Int, _ source: VariableSource, _ use: DirectiveUse
    ) throws(Diagnostic) -> Int {
        try declare(try use.variableName(index), source, use, at: index)
    }

    /// Declares the named groups of a pattern; an invalid pattern is reported later, when it is
    /// compiled.
    mutating func declareCaptures(of pattern: [UInt8]) {
        let text = String(decoding: pattern, as: UTF8.self)
        guard pattern.contains(UInt8(ascii: "?")),
            let regex = try? Regex.compile(pattern: text, caseless: true)
        else { return }
        for (name, _) in regex.names where !Variable.isBuiltIn(name.lowercased()) {
            _ = declare(name.lowercased(), .captured)
        }
    }

    private mutating func declare(_ name: String, _ source: VariableSource) -> Int {
        if let slot = slots[name] {
            if source != .assigned, source != .captured || sources[slot] == .assigned {
                sources[slot] = source
            }
            return slot
        }
        names.append(name)
        sources.append(source)
        slots[name] = names.count - 1
        return names.count - 1
    }

    func slot(of name: String) -> Int? { slots[name] }
}

extension DirectiveUse {
    /// Returns the name of the variable in an argument.
    func variableName(_ index: Int) throws(Diagnostic) -> String {
        let word = try word(index)
        var rest = word.bytes[...]
        guard rest.popFirst() == UInt8(ascii: "$"),
            let name = TemplateSyntax.variableName(at: &rest), rest.isEmpty
        else {
            throw fail("invalid variable name \"\(word.text)\"", at: index)
        }
        return name
    }
}

/// A variable that the configuration defines, compiled.
struct VariablePlan: BitwiseCopyable {
    enum Source: UInt8, BitwiseCopyable {
        case assigned, captured, map, geo, split

        /// The cacheability of a response that contains the value. Apart from the client's address,
        /// the value comes from a text or a script that is recorded itself.
        var cacheability: Cacheability {
            switch self {
            case .assigned, .captured, .map, .split: .shared
            case .geo: .perRequest
            }
        }
    }

    let name: PlanBytes
    let source: Source
    /// The index of the plan's map, geo or split.
    let index: Int32

    init(name: PlanBytes, _ source: VariableSource) {
        self.name = name
        switch source {
        case .assigned: (self.source, index) = (.assigned, 0)
        case .captured: (self.source, index) = (.captured, 0)
        case .map(let number): (self.source, index) = (.map, Int32(clamping: number))
        case .geo(let number): (self.source, index) = (.geo, Int32(clamping: number))
        case .split(let number): (self.source, index) = (.split, Int32(clamping: number))
        }
    }
}

/// Variables of nginx about TLS, HTTP/2 and backends: log formats use them, so they are known, and
/// have no value in a file server.
enum UnsupportedVariables {
    /// Returns true if nginx has a variable with this name that never has a value here: a log
    /// writes `-`.
    static func contains(_ name: String) -> Bool {
        names.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }

    /// The names, except those that continue with a field's name.
    static let names: Set<String> = [
        "fastcgi_path_info", "memcached_key", "proxy_host", "proxy_port", "request_body",
        "request_body_file", "slice_range", "ssl_alpn_protocol", "ssl_cipher", "ssl_ciphers",
        "ssl_client_cert", "ssl_client_escaped_cert", "ssl_client_fingerprint",
        "ssl_client_i_dn", "ssl_client_i_dn_legacy", "ssl_client_raw_cert",
        "ssl_client_s_dn", "ssl_client_s_dn_legacy", "ssl_client_serial",
        "ssl_client_sigalg", "ssl_client_v_end", "ssl_client_v_remain", "ssl_client_v_start",
        "ssl_client_verify", "ssl_curve", "ssl_curves", "ssl_early_data",
        "ssl_ech_outer_server_name",
        "ssl_ech_status", "ssl_protocol", "ssl_server_name", "ssl_session_id",
        "ssl_session_reused", "ssl_sigalg", "upstream_addr", "upstream_bytes_received",
        "upstream_bytes_sent", "upstream_cache_age", "upstream_cache_etag", "upstream_cache_key",
        "upstream_cache_last_modified", "upstream_cache_status", "upstream_connect_time",
        "upstream_header_time", "upstream_last_addr", "upstream_last_server_name",
        "upstream_queue_time", "upstream_response_length", "upstream_response_time",
        "upstream_status",
    ]

    private static let prefixes = ["upstream_cookie_", "upstream_http_", "upstream_trailer_"]
}
