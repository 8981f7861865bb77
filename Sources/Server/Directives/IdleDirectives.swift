import Configuration

/// Directives that are taken and counted but change nothing here: none of them changes an answer.
enum IdleDirectives {
    static let rows: [DirectiveRow<Draft>] =
        names.map { entry in
            .row(
                entry.name, in: entry.contexts, takes: entry.arguments, repeats: .yes,
                "Taken for nginx's sake; \(entry.reason).",
                apply: { (_, _) throws(Diagnostic) in })
        }

    private struct Entry {
        let name: String
        let contexts: Contexts
        let arguments: ArgumentCount
        let reason: String

        init(
            _ name: String, _ contexts: Contexts, _ arguments: ArgumentCount, _ reason: String
        ) {
            self.name = name
            self.contexts = contexts
            self.arguments = arguments
            self.reason = reason
        }
    }

    private static let tables = "tables size themselves here"
    private static let buffers = "buffers are apus's own"
    private static let bodies = "request bodies are never kept"

    private static let names: [Entry] = [
        Entry("types_hash_max_size", .httpServerLocation, .exactly(1), tables),
        Entry("types_hash_bucket_size", .httpServerLocation, .exactly(1), tables),
        Entry("server_names_hash_max_size", .http, .exactly(1), tables),
        Entry("server_names_hash_bucket_size", .http, .exactly(1), tables),
        Entry("variables_hash_max_size", .http, .exactly(1), tables),
        Entry("variables_hash_bucket_size", .http, .exactly(1), tables),
        Entry("connection_pool_size", [.http, .server], .exactly(1), buffers),
        Entry("request_pool_size", [.http, .server], .exactly(1), buffers),
        Entry("output_buffers", .httpServerLocation, .exactly(2), buffers),
        Entry("postpone_output", .httpServerLocation, .exactly(1), buffers),
        Entry("gzip_buffers", .httpServerLocation, .exactly(2), buffers),
        Entry("read_ahead", .httpServerLocation, .exactly(1), "the kernel reads ahead"),
        Entry("client_body_buffer_size", .httpServerLocation, .exactly(1), bodies),
        Entry("client_body_temp_path", .httpServerLocation, .atLeast(1), bodies),
        Entry("proxy_temp_path", .httpServerLocation, .atLeast(1), bodies),
        Entry("fastcgi_temp_path", .httpServerLocation, .atLeast(1), bodies),
        Entry("uwsgi_temp_path", .httpServerLocation, .atLeast(1), bodies),
        Entry("scgi_temp_path", .httpServerLocation, .atLeast(1), bodies),
        Entry(
            "accept_mutex", .events, .flag, "EPOLLEXCLUSIVE takes the place of the mutex"),
        Entry(
            "accept_mutex_delay", .events, .exactly(1),
            "EPOLLEXCLUSIVE takes the place of the mutex"),
        Entry("lock_file", .main, .exactly(1), "there is no mutex to lock"),
        Entry("pcre_jit", .main, .flag, "expressions are always compiled"),
        Entry("timer_resolution", .main, .exactly(1), "the clock is read once a turn"),
        Entry("load_module", .main, .exactly(1), "there are no modules to load"),
    ]
}
