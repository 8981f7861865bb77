/// The built-in variables, and two kinds that a configuration defines.
enum Variable: UInt8, BitwiseCopyable {
    case literal
    /// A group of the last regular expression that matched.
    case capture
    /// A variable of the configuration.
    case slot
    case field, argument, cookie, sentField, sentTrailer
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
    case foreign

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
        if ForeignVariables.contains(name) { return (.foreign, "") }
        for (prefix, variable) in [
            ("http_", Variable.field), ("sent_http_", .sentField), ("arg_", .argument),
            ("cookie_", .cookie), ("sent_trailer_", .sentTrailer),
        ] where name.hasPrefix(prefix) {
            let rest = String(name.dropFirst(prefix.utf8.count)).lowercased()
            if variable == .argument || variable == .cookie { return (variable, rest) }
            return (variable, String(decoding: rest.utf8.map(dashed), as: UTF8.self))
        }
        return nil
    }

    private static func dashed(_ byte: UInt8) -> UInt8 {
        byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte
    }

    /// Returns true if a configuration cannot define a variable with this name.
    static func isBuiltIn(_ name: String) -> Bool {
        names[name] != nil && name != "uid_reset" || ForeignVariables.contains(name)
    }

    /// All names, for suggestions.
    static var allNames: [String] { ForeignVariables.names.union(names.keys).sorted() }
}
