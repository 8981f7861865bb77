import Configuration
import Testing

@testable import Server

/// Directives that are accepted without effect.
@Suite struct IgnoredDirectivesTests {
    @Test(arguments: [
        "load_module modules/a.so; pcre_jit on; lock_file /x; timer_resolution 100ms;",
        "debug_points abort; quic_bpf on;",
        "env TZ=Europe/Oslo; env PATH; ssl_engine rdrand; ssl_object_cache_inheritable off;",
    ])
    func ignoredInMain(text: String) {
        #expect(loaded(text + "events { } http { }").report.isEmpty)
    }

    @Test(arguments: [
        "accept_mutex on; accept_mutex_delay 500ms;", "debug_connection 127.0.0.1;",
        "epoll_events 512; worker_aio_requests 32;",
    ])
    func ignoredInEvents(text: String) {
        #expect(loaded("events { \(text) } http { }").report.isEmpty)
    }

    @Test(arguments: [
        "types_hash_max_size 2048; server_names_hash_bucket_size 128; map_hash_max_size 4096;",
        "resolver 127.0.0.11 8.8.8.8 valid=30s ipv6=off; resolver_timeout 5s;",
        "ssl_certificate /a; ssl_certificate_key /b; ssl_protocols TLSv1.2 TLSv1.3;",
        "ssl_session_cache shared:SSL:10m; ssl_prefer_server_ciphers on; ssl_stapling on;",
        "http2 on; http2_max_concurrent_streams 128; http3 on; quic_retry on;",
        "proxy_set_header Host $host; proxy_http_version 1.1; proxy_redirect off;",
        "proxy_cache_path /a levels=1:2 keys_zone=a:10m; proxy_temp_path /tmp/a 1 2;",
        "proxy_hide_header X; fastcgi_hide_header X; uwsgi_temp_path /tmp/u; grpc_buffer_size 4k;",
        "fastcgi_param A b if_not_empty; fastcgi_param A b; fastcgi_index index.php;",
        "open_file_cache max=1000 inactive=20s; open_file_cache_valid 30s; read_ahead 1m;",
        "directio 4m; output_buffers 2 32k; postpone_output 1460; send_lowat 0;",
        "client_body_temp_path /tmp 1 2; client_body_in_file_only off; early_hints $http2;",
        "msie_padding on; log_subrequest off; gzip_buffers 16 8k; gzip_hash 8k;",
        "ssi off; brotli off; ssl off; auth_request off; mirror off; slice 0; post_action off;",
        """
        upstream backend {
            zone backend 64k; least_conn; keepalive 32; keepalive_timeout 60s;
            server 10.0.0.1:80 weight=5; server unix:/run/b backup; hash $uri consistent;
            random two least_conn; sticky cookie srv_id;
        }
        """,
    ])
    func ignoredInHTTP(text: String) throws {
        #expect(loaded("events { } http { \(text) server { listen 80; } }").report.isEmpty)
    }

    @Test(arguments: [
        ("resolver;", "invalid number of arguments in \"resolver\" directive"),
        ("proxy_buffering maybe;", "it must be \"on\" or \"off\""),
        ("accept_mutex on;", "\"accept_mutex\" directive is not allowed here"),
        ("upstream { }", "invalid number of arguments in \"upstream\""),
        ("upstream b { server { } }", "directive \"server\" is not terminated by \";\""),
        ("proxy_redirct off;", "did you mean \"proxy_redirect\"?"),
        ("server { location / { ssl_ciphers x; } }", "it is allowed in http or server"),
    ])
    func argumentCountsMatchNginx(text: String, message: String) {
        let outcome = loaded("events { } http { \(text) }")
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains(message), "\(outcome.report)")
    }
}
