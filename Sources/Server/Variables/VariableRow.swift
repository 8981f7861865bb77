import HTTP

/// Properties of a built-in variable.
struct VariableTraits: OptionSet, BitwiseCopyable, Sendable {
    let rawValue: UInt8
    /// The name is a prefix: the name of an argument, a cookie or the like follows.
    static let prefix = VariableTraits(rawValue: 1)
    /// The name is a prefix: the name of a header follows, with underscores for dashes.
    static let fieldPrefix = VariableTraits(rawValue: 3)
    /// The value is not chosen by clients and consists of letters, digits and similar bytes.
    static let numberOrTime = VariableTraits(rawValue: 4)
    /// A configuration may define a variable with this name.
    static let definable = VariableTraits(rawValue: 8)
    /// The value is computed when a request first uses it, and stays the same for the rest of the
    /// request, as in nginx.
    static let computedOnce = VariableTraits(rawValue: 16)
    /// The value depends on how the response was built, so it is unknown for a cached one.
    static let ofEvaluation = VariableTraits(rawValue: 32)
    /// The value is unknown for a cached response whose request has a context, in which the path or
    /// the query may have changed.
    static let ofContext = VariableTraits(rawValue: 64)
}

/// A built-in variable, or a prefix of variables such as `http_`.
struct VariableRow: Sendable {
    typealias Flag = WritableKeyPath<PlanParts, Bool> & Sendable
    typealias Always =
        @Sendable (inout Request, inout Services, TemplatePiece, inout ByteWriter) -> Void
    typealias IfAny =
        @Sendable (inout Request, inout Services, TemplatePiece, inout ByteWriter) -> Bool

    /// The function that writes the value.
    enum Write: Sendable {
        case always(Always)
        case ifAny(IfAny)
        /// None: ``Variables/writeValue(of:_:_:into:)`` writes the value itself.
        case directly
    }

    /// nginx's name.
    let name: String
    /// The cacheability of a response that contains the value.
    let cacheability: Cacheability
    let traits: VariableTraits
    var source = TemplatePiece.Source.row
    /// The property of the plan that is true if the configuration uses the variable.
    var flag: Flag?
    let write: Write

    /// A variable that has a value for every request.
    static func always(
        _ name: String, _ cacheability: Cacheability, _ traits: VariableTraits = [],
        source: TemplatePiece.Source = .row, flag: Flag? = nil, write: @escaping Always
    ) -> VariableRow {
        VariableRow(
            name: name, cacheability: cacheability, traits: traits, source: source, flag: flag,
            write: .always(write))
    }

    /// A variable whose function returns false for a request that has no value.
    static func ifAny(
        _ name: String, _ cacheability: Cacheability, _ traits: VariableTraits = [],
        source: TemplatePiece.Source = .row, flag: Flag? = nil, write: @escaping IfAny
    ) -> VariableRow {
        VariableRow(
            name: name, cacheability: cacheability, traits: traits, source: source, flag: flag,
            write: .ifAny(write))
    }

    /// A common variable of log lines, written without a call of a function value.
    static func directly(
        _ name: String, _ cacheability: Cacheability, _ traits: VariableTraits,
        _ source: TemplatePiece.Source
    ) -> VariableRow {
        VariableRow(
            name: name, cacheability: cacheability, traits: traits, source: source,
            write: .directly)
    }
}

/// All built-in variables. A template refers to a row by its number.
enum VariableList {
    static let rows: [VariableRow] =
        RequestVariables.variables + ConnectionVariables.variables + ResponseVariables.variables
        + ServerVariables.variables + FilePaths.variables + ProxyProtocolTLV.variables
        + RealIP.variables + Limits.variables + LimitRate.variables + StubStatus.variables
        + AuthBasic.variables + SecureLinks.variables + Referer.variables
        + UserIDCookies.variables + GzipFilter.variables + UnsupportedVariables.variables

    /// The names without prefixes, for suggestions.
    static let names = rows.filter { !$0.traits.contains(.prefix) }.map(\.name).sorted()

    /// Returns the number of the variable with a name, and the rest of the name: for
    /// `http_user_agent` the field `user-agent`. As in nginx, a prefix alone is a variable with an
    /// empty name.
    static func find(_ name: String) -> (number: UInt8, rest: String)? {
        let found =
            rows.firstIndex { $0.name == name }
            ?? rows.firstIndex { $0.traits.contains(.prefix) && name.hasPrefix($0.name) }
        guard let found else { return nil }
        let rest = name.dropFirst(rows[found].name.utf8.count).lowercased()
        guard rows[found].traits.contains(.fieldPrefix) else { return (UInt8(found), rest) }
        let field = rest.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
        return (UInt8(found), String(decoding: field, as: UTF8.self))
    }

    /// Returns true if a configuration cannot define a variable with this name.
    static func isBuiltIn(_ name: String) -> Bool {
        find(name).map { !rows[Int($0.number)].traits.contains(.definable) } ?? false
    }
}

/// Variables of nginx about TLS, HTTP/2 and backends: log formats use them, so they are known, and
/// never have a value in a file server. A log writes `-`.
enum UnsupportedVariables {
    static let variables =
        names.map { VariableRow.ifAny($0, .shared) { _, _, _, _ in false } }
        + ["upstream_cookie_", "upstream_http_", "upstream_trailer_"].map {
            VariableRow.ifAny($0, .shared, .prefix) { _, _, _, _ in false }
        }

    private static let names = [
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
}
