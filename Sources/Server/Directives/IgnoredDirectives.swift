import Configuration

/// Directives that are accepted and ignored: none of them changes a response.
enum IgnoredDirectives {
    /// The ignored directives of one of nginx's modules, and the reason.
    struct Family: Sendable {
        let module: String
        let reason: String
        /// Names with the same contexts and number of arguments, separated by spaces.
        let names: [(Contexts, ArgumentCount, String)]

        init(_ module: String, _ reason: String, _ names: [(Contexts, ArgumentCount, String)]) {
            self.module = module
            self.reason = reason
            self.names = names
        }

        fileprivate var rows: [DirectiveRow<Draft>] {
            names.flatMap { (contexts, arguments, list) in
                list.split(separator: " ").map {
                    .ignored(String($0), in: contexts, takes: arguments, of: module, reason)
                }
            }
        }
    }

    static let rows: [DirectiveRow<Draft>] =
        (families + IgnoredBackendDirectives.families).flatMap(\.rows) + [
            .ignored(
                "upstream", in: .http, takes: .exactly(1), opens: .upstream,
                of: "ngx_http_upstream_module", "no request is passed to another server")
        ]

    private static let families = [
        processes, environment, tables, memory, bodies, disk, responses, names, modules, upstream,
        ssl, http2,
        http3,
    ]

    private static let processes = Family(
        "ngx_core_module", "apus organizes its processes in its own way",
        [
            (
                .main, .exactly(1),
                """
                lock_file timer_resolution debug_points load_module ssl_engine \
                google_perftools_profiles
                """
            ),
            (.main, .flag, "pcre_jit ssl_object_cache_inheritable quic_bpf"),
            (.events, .flag, "accept_mutex"),
            (
                .events, .exactly(1),
                "accept_mutex_delay debug_connection epoll_events worker_aio_requests"
            ),
        ])

    /// Even local time (`TZ`) is not changed, as in nginx, whose master has read it before.
    private static let environment = Family(
        "environment", "workers read no environment variables",
        [(.main, .exactly(1), "env")])

    private static let tables = Family(
        "hash tables", "apus sizes its tables automatically",
        [
            (
                .http, .exactly(1),
                """
                server_names_hash_max_size server_names_hash_bucket_size \
                variables_hash_max_size variables_hash_bucket_size map_hash_max_size \
                map_hash_bucket_size
                """
            ),
            (.httpServerLocation, .exactly(1), "types_hash_max_size types_hash_bucket_size"),
            (
                [.server, .location], .exactly(1),
                "referer_hash_max_size referer_hash_bucket_size"
            ),
        ])

    private static let memory = Family(
        "memory", "apus manages its buffers in its own way",
        [
            ([.http, .server], .exactly(1), "connection_pool_size request_pool_size"),
            (.httpServerLocation, .exactly(2), "output_buffers gzip_buffers gunzip_buffers"),
            (
                .httpServerLocation, .exactly(1),
                """
                postpone_output subrequest_output_buffer_size send_lowat gzip_window gzip_hash \
                postpone_gzipping
                """
            ),
            (.httpServerLocation, .flag, "gzip_no_buffer"),
        ])

    private static let bodies = Family(
        "request bodies", "request bodies are read and discarded",
        [
            (
                .httpServerLocation, .exactly(1),
                "client_body_buffer_size client_body_in_file_only"
            ),
            (.httpServerLocation, .between(1, 4), "client_body_temp_path"),
            (.httpServerLocation, .flag, "client_body_in_single_buffer"),
            ([.http, .server], .atLeast(1), "client_body_early_read"),
        ])

    private static let disk = Family(
        "reading files", "apus reads files in its own way",
        [
            (.httpServerLocation, .exactly(1), "read_ahead directio directio_alignment"),
            (.httpServerLocation, .flag, "aio_write"),
            (
                .httpServerLocation, .exactly(1),
                "open_file_cache_valid open_file_cache_min_uses"
            ),
            (.httpServerLocation, .flag, "open_file_cache_errors open_file_cache_events"),
        ])

    private static let responses = Family(
        "subrequests and interim responses", "apus has nothing that they apply to",
        [
            (.httpServerLocation, .flag, "log_subrequest"),
            (.httpServerLocation, .atLeast(1), "early_hints"),
            ([.server, .location], .exactly(1), "status_zone"),
        ])

    private static let names = Family(
        "name resolution", "apus resolves no names",
        [
            (.httpServerLocation, .atLeast(1), "resolver"),
            (.httpServerLocation, .exactly(1), "resolver_timeout"),
        ])

    /// Details of directives that are refused.
    private static let modules = Family(
        "settings of refused directives", "the directive that they belong to is refused",
        [
            (
                .httpServerLocation, .flag,
                """
                ssi_silent_errors ssi_ignore_recycled_buffers ssi_last_modified \
                sub_filter_once sub_filter_last_modified xslt_last_modified \
                mirror_request_body mp4_start_key_frame image_filter_transparency \
                image_filter_interlace
                """
            ),
            (
                .httpServerLocation, .exactly(1),
                """
                ssi_min_file_chunk ssi_value_length min_delete_depth mp4_buffer_size \
                mp4_max_buffer_size mp4_limit_rate mp4_limit_rate_after xml_entities \
                image_filter_jpeg_quality image_filter_webp_quality image_filter_sharpen \
                image_filter_buffer brotli_comp_level brotli_min_length brotli_window \
                zstd_comp_level zstd_min_length f4f_buffer_size hls_fragment \
                hls_mp4_buffer_size hls_mp4_max_buffer_size
                """
            ),
            (
                .httpServerLocation, .atLeast(1),
                "ssi_types sub_filter_types xslt_types brotli_types zstd_types"
            ),
            (
                .httpServerLocation, .exactly(2),
                "xslt_param xslt_string_param brotli_buffers zstd_buffers hls_buffers"
            ),
            (.httpServerLocation, .between(1, 3), "dav_access"),
            (.httpServerLocation, .flag, "hls_forward_args"),
        ])

    private static let upstream = Family(
        "ngx_http_upstream_module", "no request is passed to another server",
        [
            (.upstream, .atLeast(1), "server resolver"),
            (.upstream, .oneOf([1, 2]), "hash keepalive zone least_time queue"),
            (.upstream, .exactly(0), "ip_hash least_conn ntlm"),
            (.upstream, .between(0, 2), "random"),
            (
                .upstream, .exactly(1),
                """
                keepalive_time keepalive_timeout keepalive_requests resolver_timeout state
                """
            ),
            (.upstream, .atLeast(2), "sticky"),
        ])

    private static let ssl = Family(
        "ngx_http_ssl_module", "TLS is terminated in front of apus",
        [
            (
                [.http, .server], .exactly(1),
                """
                ssl_certificate ssl_certificate_key ssl_password_file ssl_dhparam \
                ssl_ecdh_curve ssl_ciphers ssl_buffer_size ssl_verify_client ssl_verify_depth \
                ssl_client_certificate ssl_trusted_certificate ssl_session_ticket_key \
                ssl_session_timeout ssl_crl ssl_ocsp ssl_ocsp_responder ssl_ocsp_cache \
                ssl_stapling_file ssl_stapling_responder ssl_ech_file ssl_key_log
                """
            ),
            ([.http, .server], .atLeast(1), "ssl_protocols"),
            (
                [.http, .server], .flag,
                """
                ssl_prefer_server_ciphers ssl_session_tickets ssl_stapling \
                ssl_stapling_verify ssl_early_data ssl_reject_handshake \
                ssl_certificate_compression
                """
            ),
            ([.http, .server], .oneOf([1, 2]), "ssl_session_cache"),
            ([.http, .server], .exactly(2), "ssl_conf_command"),
            ([.http, .server], .between(1, 3), "ssl_certificate_cache"),
        ])

    private static let http2 = Family(
        "ngx_http_v2_module", "ports in clear text speak HTTP/1.1",
        [
            (.http, .exactly(1), "http2_recv_buffer_size"),
            (
                [.http, .server], .exactly(1),
                """
                http2_pool_size http2_max_concurrent_streams http2_max_concurrent_pushes \
                http2_max_requests http2_max_field_size http2_max_header_size \
                http2_body_preread_size http2_streams_index_size http2_recv_timeout \
                http2_idle_timeout
                """
            ),
            (.httpServerLocation, .exactly(1), "http2_chunk_size http2_push"),
            (.httpServerLocation, .flag, "http2_push_preload"),
            ([.http, .server], .flag, "http2"),
        ])

    private static let http3 = Family(
        "ngx_http_v3_module", "there is no QUIC",
        [
            ([.http, .server], .flag, "http3 http3_hq quic_retry quic_gso"),
            (
                [.http, .server], .exactly(1),
                """
                http3_max_concurrent_streams http3_stream_buffer_size quic_host_key \
                quic_active_connection_id_limit
                """
            ),
        ])
}
