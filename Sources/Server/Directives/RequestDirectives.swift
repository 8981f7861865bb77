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
            "Sets the size of the buffer for most request headers.",
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
            "Sets the number and size of buffers for large request headers; the size limits one "
                + "line.",
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
            "The limit applies to the total size; nginx counts buffers, which lines fill only in "
                + "part."),
        .integer(
            "max_headers", in: [.http, .server], sets: \.scope.request.maxHeaders,
            default: "1000", "Sets the maximum number of headers in a request."),
        .offset(
            "client_max_body_size", in: .httpServerLocation, sets: \.scope.request.maxBodySize,
            default: "1m", "Sets the maximum size of a request body; 0 disables the check."),
        .flag(
            "ignore_invalid_headers", in: [.http, .server],
            sets: \.scope.request.ignoresInvalidNames, default: "on",
            "Ignores headers with invalid names."),
        .flag(
            "underscores_in_headers", in: [.http, .server],
            sets: \.scope.request.allowsUnderscores, default: "off",
            "Allows underscores in header names."),
        .flag(
            "merge_slashes", in: [.http, .server], sets: \.scope.request.mergesSlashes,
            default: "on", "Merges adjacent slashes in a path."),
        .flag(
            "strict_requests", in: [.http, .server], sets: \.scope.request.isStrict,
            default: "off",
            "Refuses malformed requests that nginx accepts against the RFCs; specific to apus."),
    ]
}
