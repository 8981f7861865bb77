/// Variables of nginx about TLS, HTTP/2 and backends: log formats use them, so they are known, and
/// have no value in a file server.
enum ForeignVariables {
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
