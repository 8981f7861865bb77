import HTTP
import Linux

/// Variables about the server and the time.
enum ServerVariables {
    static let variables: [VariableRow] = [
        .always("hostname", .shared) { $3.append(string: $1.plan.hostname) },
        .always("nginx_version", .shared) { _, _, _, writer in writer.append(Version.nginx) },
        .always("pid", .perRequest, .numberOrTime) { _, _, _, writer in
            writer.append(decimal: Int64(currentProcess()))
        },
        .always("scheme", .shared) { _, _, _, writer in writer.append("http") },
        .always("server_name", .shared) { $3.append(serverName($0, $1).span) },
        .always("https", .shared) { _, _, _, _ in },
        .always("http2", .shared) { _, _, _, _ in },
        .always("http3", .shared) { _, _, _, _ in },
        .directly("time_local", .perRequest, .numberOrTime, .timeLocal),
        .always("time_iso8601", .perRequest, .numberOrTime) { $3.append($1.clock.iso8601.span) },
        .always("msec", .perRequest, .numberOrTime) {
            $3.append(seconds: $1.clock.seconds, milliseconds: $1.clock.milliseconds)
        },
        .always("date_gmt", .perRequest) {
            $3.append(Clock.longDate(of: $1.clock.seconds, isLocal: false).span)
        },
        .always("date_local", .perRequest) {
            $3.append(Clock.longDate(of: $1.clock.seconds, isLocal: true).span)
        },
    ]

    /// Returns the first name of the request's server.
    static func serverName(_ request: borrowing Request, _ services: borrowing Services)
        -> PlanBytes
    {
        services.plan.servers[Int(request.server)].name
    }
}
