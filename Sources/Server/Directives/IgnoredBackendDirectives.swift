import Configuration

/// Settings for backends, which are ignored: directives that pass requests on (`proxy_pass` and
/// similar ones) are refused.
enum IgnoredBackendDirectives {
    private typealias Family = IgnoredDirectives.Family

    static let families: [IgnoredDirectives.Family] = [
        proxy, fastcgi, uwsgi, scgi, grpc, memcached, tunnel,
    ]

    private static let proxy = Family(
        "ngx_http_proxy_module", "no request is passed to another server",
        [
            (
                .httpServerLocation, .oneOf([1, 2]),
                """
                proxy_redirect proxy_cookie_domain proxy_cookie_path proxy_bind
                """
            ),
            (.httpServerLocation, .between(1, 4), "proxy_cookie_flags proxy_temp_path"),
            (
                .httpServerLocation, .exactly(1),
                """
                proxy_store proxy_connect_timeout proxy_send_timeout proxy_send_lowat \
                proxy_headers_hash_max_size proxy_headers_hash_bucket_size proxy_set_body \
                proxy_method proxy_buffer_size proxy_read_timeout proxy_busy_buffers_size \
                proxy_limit_rate proxy_cache proxy_cache_key proxy_cache_min_uses \
                proxy_cache_max_range_offset proxy_cache_lock_timeout proxy_cache_lock_age \
                proxy_max_temp_file_size proxy_temp_file_write_size proxy_next_upstream_tries \
                proxy_next_upstream_timeout proxy_pass_header proxy_hide_header \
                proxy_http_version proxy_ssl_ciphers proxy_ssl_name proxy_ssl_verify_depth \
                proxy_ssl_trusted_certificate proxy_ssl_crl proxy_ssl_certificate \
                proxy_ssl_certificate_key proxy_ssl_password_file proxy_socket_rcvbuf \
                proxy_socket_sndbuf proxy_ssl_key_log
                """
            ),
            (.httpServerLocation, .between(1, 3), "proxy_store_access proxy_ssl_certificate_cache"),
            (
                .httpServerLocation, .flag,
                """
                proxy_buffering proxy_request_buffering proxy_ignore_client_abort \
                proxy_socket_keepalive proxy_intercept_errors proxy_pass_request_headers \
                proxy_pass_request_body proxy_force_ranges proxy_cache_lock \
                proxy_cache_revalidate proxy_cache_convert_head proxy_cache_background_update \
                proxy_ssl_session_reuse proxy_ssl_server_name proxy_ssl_verify \
                proxy_pass_trailers proxy_bind_dynamic proxy_request_dynamic
                """
            ),
            (
                .httpServerLocation, .exactly(2),
                """
                proxy_set_header proxy_buffers proxy_ssl_conf_command
                """
            ),
            (.http, .atLeast(2), "proxy_cache_path"),
            (
                .httpServerLocation, .atLeast(1),
                """
                proxy_cache_bypass proxy_no_cache proxy_cache_valid proxy_cache_use_stale \
                proxy_cache_methods proxy_next_upstream proxy_ignore_headers \
                proxy_ssl_protocols proxy_allow_upstream proxy_cache_purge
                """
            ),
        ])

    private static let fastcgi = Family(
        "ngx_http_fastcgi_module", "no request is passed to another server",
        [
            (
                .httpServerLocation, .exactly(1),
                """
                fastcgi_index fastcgi_split_path_info fastcgi_store fastcgi_connect_timeout \
                fastcgi_send_timeout fastcgi_send_lowat fastcgi_buffer_size \
                fastcgi_read_timeout fastcgi_busy_buffers_size fastcgi_limit_rate \
                fastcgi_cache fastcgi_cache_key fastcgi_cache_min_uses \
                fastcgi_cache_max_range_offset fastcgi_cache_lock_timeout \
                fastcgi_cache_lock_age fastcgi_max_temp_file_size \
                fastcgi_temp_file_write_size fastcgi_next_upstream_tries \
                fastcgi_next_upstream_timeout fastcgi_pass_header fastcgi_hide_header \
                fastcgi_catch_stderr fastcgi_socket_rcvbuf fastcgi_socket_sndbuf
                """
            ),
            (.httpServerLocation, .between(1, 3), "fastcgi_store_access"),
            (
                .httpServerLocation, .flag,
                """
                fastcgi_buffering fastcgi_request_buffering fastcgi_ignore_client_abort \
                fastcgi_socket_keepalive fastcgi_pass_request_headers \
                fastcgi_pass_request_body fastcgi_intercept_errors fastcgi_force_ranges \
                fastcgi_cache_lock fastcgi_cache_revalidate fastcgi_cache_background_update \
                fastcgi_keep_conn fastcgi_bind_dynamic
                """
            ),
            (.httpServerLocation, .oneOf([1, 2]), "fastcgi_bind"),
            (.httpServerLocation, .exactly(2), "fastcgi_buffers"),
            (.http, .atLeast(2), "fastcgi_cache_path"),
            (
                .httpServerLocation, .atLeast(1),
                """
                fastcgi_cache_bypass fastcgi_no_cache fastcgi_cache_valid \
                fastcgi_cache_use_stale fastcgi_cache_methods fastcgi_next_upstream \
                fastcgi_ignore_headers fastcgi_allow_upstream fastcgi_cache_purge
                """
            ),
            (.httpServerLocation, .between(1, 4), "fastcgi_temp_path"),
            (.httpServerLocation, .oneOf([2, 3]), "fastcgi_param"),
        ])

    private static let uwsgi = Family(
        "ngx_http_uwsgi_module", "no request is passed to another server",
        [
            (
                .httpServerLocation, .exactly(1),
                """
                uwsgi_modifier1 uwsgi_modifier2 uwsgi_store uwsgi_connect_timeout \
                uwsgi_send_timeout uwsgi_buffer_size uwsgi_read_timeout \
                uwsgi_busy_buffers_size uwsgi_limit_rate uwsgi_cache uwsgi_cache_key \
                uwsgi_cache_min_uses uwsgi_cache_max_range_offset uwsgi_cache_lock_timeout \
                uwsgi_cache_lock_age uwsgi_max_temp_file_size uwsgi_temp_file_write_size \
                uwsgi_next_upstream_tries uwsgi_next_upstream_timeout uwsgi_string \
                uwsgi_pass_header uwsgi_hide_header uwsgi_ssl_ciphers uwsgi_ssl_name \
                uwsgi_ssl_verify_depth uwsgi_ssl_trusted_certificate uwsgi_ssl_crl \
                uwsgi_ssl_certificate uwsgi_ssl_certificate_key uwsgi_ssl_password_file \
                uwsgi_socket_rcvbuf uwsgi_socket_sndbuf uwsgi_ssl_key_log
                """
            ),
            (.httpServerLocation, .between(1, 3), "uwsgi_store_access uwsgi_ssl_certificate_cache"),
            (
                .httpServerLocation, .flag,
                """
                uwsgi_buffering uwsgi_request_buffering uwsgi_ignore_client_abort \
                uwsgi_socket_keepalive uwsgi_pass_request_headers uwsgi_pass_request_body \
                uwsgi_intercept_errors uwsgi_force_ranges uwsgi_cache_lock \
                uwsgi_cache_revalidate uwsgi_cache_background_update uwsgi_ssl_session_reuse \
                uwsgi_ssl_server_name uwsgi_ssl_verify uwsgi_bind_dynamic
                """
            ),
            (.httpServerLocation, .oneOf([1, 2]), "uwsgi_bind"),
            (.httpServerLocation, .exactly(2), "uwsgi_buffers uwsgi_ssl_conf_command"),
            (.http, .atLeast(2), "uwsgi_cache_path"),
            (
                .httpServerLocation, .atLeast(1),
                """
                uwsgi_cache_bypass uwsgi_no_cache uwsgi_cache_valid uwsgi_cache_use_stale \
                uwsgi_cache_methods uwsgi_next_upstream uwsgi_ignore_headers \
                uwsgi_ssl_protocols uwsgi_allow_upstream uwsgi_cache_purge
                """
            ),
            (.httpServerLocation, .between(1, 4), "uwsgi_temp_path"),
            (.httpServerLocation, .oneOf([2, 3]), "uwsgi_param"),
        ])

    private static let scgi = Family(
        "ngx_http_scgi_module", "no request is passed to another server",
        [
            (
                .httpServerLocation, .exactly(1),
                """
                scgi_store scgi_connect_timeout scgi_send_timeout scgi_buffer_size \
                scgi_read_timeout scgi_busy_buffers_size scgi_limit_rate scgi_cache \
                scgi_cache_key scgi_cache_min_uses scgi_cache_max_range_offset \
                scgi_cache_lock_timeout scgi_cache_lock_age scgi_max_temp_file_size \
                scgi_temp_file_write_size scgi_next_upstream_tries scgi_next_upstream_timeout \
                scgi_pass_header scgi_hide_header scgi_socket_rcvbuf scgi_socket_sndbuf
                """
            ),
            (.httpServerLocation, .between(1, 3), "scgi_store_access"),
            (
                .httpServerLocation, .flag,
                """
                scgi_buffering scgi_request_buffering scgi_ignore_client_abort \
                scgi_socket_keepalive scgi_pass_request_headers scgi_pass_request_body \
                scgi_intercept_errors scgi_force_ranges scgi_cache_lock scgi_cache_revalidate \
                scgi_cache_background_update scgi_bind_dynamic
                """
            ),
            (.httpServerLocation, .oneOf([1, 2]), "scgi_bind"),
            (.httpServerLocation, .exactly(2), "scgi_buffers"),
            (.http, .atLeast(2), "scgi_cache_path"),
            (
                .httpServerLocation, .atLeast(1),
                """
                scgi_cache_bypass scgi_no_cache scgi_cache_valid scgi_cache_use_stale \
                scgi_cache_methods scgi_next_upstream scgi_ignore_headers scgi_allow_upstream \
                scgi_cache_purge
                """
            ),
            (.httpServerLocation, .between(1, 4), "scgi_temp_path"),
            (.httpServerLocation, .oneOf([2, 3]), "scgi_param"),
        ])

    private static let grpc = Family(
        "ngx_http_grpc_module", "no request is passed to another server",
        [
            (.httpServerLocation, .oneOf([1, 2]), "grpc_bind"),
            (
                .httpServerLocation, .flag,
                """
                grpc_socket_keepalive grpc_intercept_errors grpc_ssl_session_reuse \
                grpc_ssl_server_name grpc_ssl_verify grpc_bind_dynamic
                """
            ),
            (
                .httpServerLocation, .exactly(1),
                """
                grpc_connect_timeout grpc_send_timeout grpc_buffer_size grpc_read_timeout \
                grpc_next_upstream_tries grpc_next_upstream_timeout grpc_pass_header \
                grpc_hide_header grpc_ssl_ciphers grpc_ssl_name grpc_ssl_verify_depth \
                grpc_ssl_trusted_certificate grpc_ssl_crl grpc_ssl_certificate \
                grpc_ssl_certificate_key grpc_ssl_password_file grpc_socket_rcvbuf \
                grpc_socket_sndbuf grpc_ssl_key_log
                """
            ),
            (
                .httpServerLocation, .atLeast(1),
                """
                grpc_next_upstream grpc_ignore_headers grpc_ssl_protocols grpc_allow_upstream
                """
            ),
            (.httpServerLocation, .exactly(2), "grpc_set_header grpc_ssl_conf_command"),
            (.httpServerLocation, .between(1, 3), "grpc_ssl_certificate_cache"),
        ])

    private static let memcached = Family(
        "ngx_http_memcached_module", "no request is passed to another server",
        [
            (.httpServerLocation, .oneOf([1, 2]), "memcached_bind"),
            (.httpServerLocation, .flag, "memcached_socket_keepalive memcached_bind_dynamic"),
            (
                .httpServerLocation, .exactly(1),
                """
                memcached_connect_timeout memcached_send_timeout memcached_buffer_size \
                memcached_read_timeout memcached_next_upstream_tries \
                memcached_next_upstream_timeout memcached_gzip_flag memcached_socket_rcvbuf \
                memcached_socket_sndbuf
                """
            ),
            (.httpServerLocation, .atLeast(1), "memcached_next_upstream memcached_allow_upstream"),
        ])

    private static let tunnel = Family(
        "ngx_http_tunnel_module", "no request is passed to another server",
        [
            (.httpServerLocation, .oneOf([1, 2]), "tunnel_bind"),
            (.httpServerLocation, .flag, "tunnel_socket_keepalive"),
            (
                .httpServerLocation, .exactly(1),
                """
                tunnel_socket_rcvbuf tunnel_socket_sndbuf tunnel_connect_timeout \
                tunnel_send_timeout tunnel_send_lowat tunnel_buffer_size tunnel_read_timeout \
                tunnel_next_upstream_tries tunnel_next_upstream_timeout
                """
            ),
            (.httpServerLocation, .atLeast(1), "tunnel_next_upstream"),
        ])
}
