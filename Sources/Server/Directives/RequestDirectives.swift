import Configuration

/// The limits of requests.
struct RequestSettings {
    var headerBufferSize: Int?
    var largeBuffers: LargeBuffers?
    var maxHeaders: Int?
    var maxBodySize: Int?
    var ignoresInvalidNames: Bool?
    var allowsUnderscores: Bool?
    var mergesSlashes: Bool?
    var isStrict: Bool?
}

/// large_client_header_buffers: their number and size.
struct LargeBuffers: Sendable {
    let count: Int
    let size: Int
}

/// The limits of a request's head and body.
enum RequestDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "client_header_buffer_size", in: [.http, .server], takes: .exactly(1), default: "1k",
            "The size of the buffer that most request heads fit into.",
            inherit: { (child, parent) in
                child.scope.request.headerBufferSize =
                    child.scope.request.headerBufferSize ?? parent.scope.request.headerBufferSize
            },
            apply: { (draft, use) throws(Diagnostic) in
                let size = try use.size(0)
                guard size > 0, size <= 1 << 26 else {
                    throw use.fail("invalid value", at: 0, help: ["it must be from 1 to 64m"])
                }
                draft.scope.request.headerBufferSize = size
            }),
        .row(
            "large_client_header_buffers", in: [.http, .server], takes: .exactly(2),
            default: "4 8k",
            "How many further buffers a head may take, and their size, which bounds one line.",
            inherit: { (child, parent) in
                child.scope.request.largeBuffers =
                    child.scope.request.largeBuffers ?? parent.scope.request.largeBuffers
            },
            apply: { (draft, use) throws(Diagnostic) in
                let count = try use.integer(0)
                let size = try use.size(1)
                guard count > 0, count <= 65536 else { throw use.fail("invalid value", at: 0) }
                guard size > 0, size <= 1 << 26 else { throw use.fail("invalid value", at: 1) }
                draft.scope.request.largeBuffers = LargeBuffers(count: count, size: size)
            }
        ).differing(
            "The bytes of a head are counted together; nginx counts buffers, in which lines leave "
                + "room unused."),
        .integer(
            "max_headers", in: [.http, .server], sets: \.scope.request.maxHeaders,
            default: "1000", "How many fields a request may have."),
        .offset(
            "client_max_body_size", in: .httpServerLocation, sets: \.scope.request.maxBodySize,
            default: "1m", "How large a request body may be; 0 for any size."),
        .flag(
            "ignore_invalid_headers", in: [.http, .server],
            sets: \.scope.request.ignoresInvalidNames, default: "on",
            "Whether fields with odd names are passed over instead of taken."),
        .flag(
            "underscores_in_headers", in: [.http, .server],
            sets: \.scope.request.allowsUnderscores, default: "off",
            "Whether underscores are valid in the names of fields."),
        .flag(
            "merge_slashes", in: [.http, .server], sets: \.scope.request.mergesSlashes,
            default: "on", "Whether two or more slashes in a path count as one."),
        .flag(
            "strict_requests", in: [.http, .server], sets: \.scope.request.isStrict,
            default: "off",
            "Whether requests that nginx tolerates against the RFCs are refused; apus's own."),
    ]
}
