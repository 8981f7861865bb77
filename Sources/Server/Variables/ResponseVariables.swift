import HTTP

/// Variables about the response.
enum ResponseVariables {
    static let variables: [VariableRow] = [
        .directly("status", .perRequest, .numberOrTime, .status),
        .directly("body_bytes_sent", .perRequest, .numberOrTime, .bodyBytesSent),
        .always("bytes_sent", .perRequest, .numberOrTime) { $3.append(decimal: $0.sentBytes) },
        .always("request_completion", .perRequest) { $3.append($0.isComplete ? "OK" : "") },
        .always("request_time", .perRequest, .numberOrTime) {
            let elapsedMs = max(0, $1.clock.monotonicMs &- $0.startedMs)
            $3.append(seconds: elapsedMs / 1000, milliseconds: elapsedMs % 1000)
        },
        .ifAny(
            "sent_http_", .perRequest, [.fieldPrefix, .definable, .ofEvaluation],
            flag: \PlanParts.namesSentFields
        ) { writeSentFields($2.text.span, $0, $1, into: &$3) },
        // The media type follows from the path.
        .ifAny(
            "sent_http_content_type", .shared, [.definable, .ofEvaluation],
            flag: \PlanParts.namesSentFields
        ) { request, services, _, writer in
            writeSentFields(Array("content-type".utf8).span, request, services, into: &writer)
        },
        .ifAny(
            "sent_trailer_", .perRequest, [.fieldPrefix, .definable, .ofEvaluation],
            flag: \PlanParts.namesSentFields
        ) { request, _, piece, writer in
            let trailers = request.context?.trailers ?? []
            return writeFields(
                piece.text.span, in: trailers.span, skipsVary: false, into: &writer)
        },
    ]

    private static func writeSentFields(
        _ name: Span<UInt8>, _ request: borrowing Request, _ services: borrowing Services,
        into writer: inout ByteWriter
    ) -> Bool {
        let head = request.sentHead ?? []
        return writeFields(
            name, in: ownFields(head.span), skipsVary: sendsVary(request, services), into: &writer)
    }

    /// Returns true if gzip_vary adds a Vary field, which is not a field for nginx's variables.
    private static func sendsVary(
        _ request: borrowing Request, _ services: borrowing Services
    ) -> Bool {
        let location = Int(request.location)
        return request.varies && location < services.plan.locations.count
            && services.plan.locations[location].features.contains(.gzipVary)
    }

    /// Returns the response's fields except Server and Date, which are no fields for nginx's
    /// variables.
    @_lifetime(copy head)
    private static func ownFields(_ head: Span<UInt8>) -> Span<UInt8> {
        var start = 0
        for _ in 0..<3 {
            guard let end = head.firstIndex(of: UInt8(ascii: "\n"), from: start) else { break }
            start = end &+ 1
        }
        return head.slice(from: start, to: head.count)
    }

    /// Writes the values of all headers with a name in the response's head.
    private static func writeFields(
        _ name: Span<UInt8>, in head: Span<UInt8>, skipsVary: Bool, into writer: inout ByteWriter
    ) -> Bool {
        var start = 0
        var isFound = false
        // The Vary of gzip_vary precedes those of the configuration.
        var skipsNext = skipsVary && name.equalsIgnoringCase("vary")
        while start < head.count {
            let end = head.firstIndex(of: UInt8(ascii: "\n"), from: start) ?? head.count
            let line = head.slice(from: start, to: end)
            if line.count > name.count, line[name.count] == UInt8(ascii: ":"),
                line.slice(from: 0, to: name.count).equalsField(name)
            {
                if skipsNext {
                    skipsNext = false
                } else {
                    if isFound { writer.append(", ") }
                    writer.append(line.slice(from: name.count &+ 1, to: line.count).trimmedLine)
                    isFound = true
                }
            }
            start = end &+ 1
        }
        return isFound
    }
}

extension Span where Element == UInt8 {
    /// The line without the carriage return at its end and the space around it.
    fileprivate var trimmedLine: Span<UInt8> {
        @_lifetime(copy self)
        get {
            guard count > 0, self[count &- 1] == UInt8(ascii: "\r") else { return trimmed() }
            return slice(from: 0, to: count &- 1).trimmed()
        }
    }
}
