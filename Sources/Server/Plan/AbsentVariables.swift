/// nginx's variables about what does not happen here: TLS, and requests passed to other servers.
/// They have no value, as they have none in nginx where it does not happen, and are known so that
/// formats of logs that name them load.
enum AbsentVariables {
    /// Whether it is one of them.
    static func contains(_ name: String) -> Bool {
        names.contains(name) || prefixes.contains { name.hasPrefix($0) && name != $0 }
    }

    private static let prefixes = ["upstream_http_", "upstream_cookie_", "upstream_trailer_"]

    private static let names: Set = [
        "ssl_alpn_protocol", "ssl_cipher", "ssl_ciphers", "ssl_client_cert",
        "ssl_client_escaped_cert", "ssl_client_fingerprint", "ssl_client_i_dn",
        "ssl_client_i_dn_legacy", "ssl_client_raw_cert", "ssl_client_s_dn",
        "ssl_client_s_dn_legacy", "ssl_client_serial", "ssl_client_sigalg", "ssl_client_v_end",
        "ssl_client_v_remain", "ssl_client_v_start", "ssl_client_verify", "ssl_curve",
        "ssl_curves", "ssl_early_data", "ssl_ech_outer_server_name", "ssl_ech_status",
        "ssl_protocol", "ssl_server_name", "ssl_session_id", "ssl_session_reused", "ssl_sigalg",
        "upstream_addr", "upstream_bytes_received", "upstream_bytes_sent",
        "upstream_cache_etag", "upstream_cache_key", "upstream_cache_last_modified",
        "upstream_cache_status", "upstream_connect_time", "upstream_header_time",
        "upstream_last_addr", "upstream_response_length", "upstream_response_time",
        "upstream_status", "proxy_host", "proxy_port",
    ]
}
