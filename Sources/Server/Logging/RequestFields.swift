import HTTP

/// Variables about parts of a request: headers, arguments of the query, cookies.
extension RequestVariables {
    /// Writes the values of all headers with a name in lower case, joined as in nginx: Cookie by
    /// semicolons, others by commas. Returns false if there is none.
    func writeFields(
        _ name: Span<UInt8>, in received: Span<UInt8>, into writer: inout ByteWriter
    ) -> Bool {
        var fields = FieldIterator(request.parser.head)
        var isFound = false
        while let field = fields.next(in: received) {
            guard received.slice(field.name).equalsField(name) else { continue }
            if isFound { writer.append(name.equals("cookie") ? "; " : ", ") }
            writer.append(received.slice(field.value))
            isFound = true
        }
        return isFound
    }

    func writeFields(
        _ name: StaticString, in received: Span<UInt8>, into writer: inout ByteWriter
    ) -> Bool {
        name.withUTF8Buffer { unsafe writeFields($0.span, in: received, into: &writer) }
    }

    /// Writes the values of all headers with a name in the response's head.
    func writeSentFields(
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

    /// Writes the value of an argument of the query.
    func writeArgument(
        _ name: Span<UInt8>, in received: Span<UInt8>, into writer: inout ByteWriter
    ) -> Bool {
        // As in nginx, `$arg_` has no value, while `$cookie_` is the cookie with the empty name.
        guard !name.isEmpty else { return false }
        if let args = request.context?.args {
            return RequestVariables.writeValue(
                of: name, in: args.span, separatedBy: UInt8(ascii: "&"), into: &writer)
        }
        return RequestVariables.writeValue(
            of: name, in: received.slice(request.parser.head.query),
            separatedBy: UInt8(ascii: "&"), into: &writer)
    }

    /// Writes the value of a cookie, from any of the Cookie headers.
    func writeCookie(
        _ name: Span<UInt8>, in received: Span<UInt8>, into writer: inout ByteWriter
    ) -> Bool {
        var fields = FieldIterator(request.parser.head)
        while let field = fields.next(in: received) {
            if received.slice(field.name).equalsIgnoringCase("cookie"),
                RequestVariables.writeValue(
                    of: name, in: received.slice(field.value), separatedBy: UInt8(ascii: ";"),
                    into: &writer)
            {
                return true
            }
        }
        return false
    }

    /// Writes the value of `name=value` in a list.
    private static func writeValue(
        of name: Span<UInt8>, in list: Span<UInt8>, separatedBy separator: UInt8,
        into writer: inout ByteWriter
    ) -> Bool {
        var start = 0
        while start < list.count {
            let end = list.firstIndex(of: separator, from: start) ?? list.count
            let pair = list.slice(from: start, to: end).trimmed()
            if pair.count > name.count, pair[name.count] == UInt8(ascii: "="),
                pair.slice(from: 0, to: name.count).equalsIgnoringCase(name)
            {
                writer.append(pair.slice(from: name.count &+ 1, to: pair.count))
                return true
            }
            start = end &+ 1
        }
        return false
    }
}

extension Span where Element == UInt8 {
    /// Returns true if this is the header that a variable's name refers to: case is ignored, and an
    /// underscore in the variable matches a dash.
    fileprivate func equalsField(_ name: Span<UInt8>) -> Bool {
        guard count == name.count else { return false }
        for index in indices {
            let byte = self[index].asciiLowercased
            let folded = byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte
            if folded != name[index] { return false }
        }
        return true
    }

    /// The line without the carriage return at its end and the space around it.
    fileprivate var trimmedLine: Span<UInt8> {
        @_lifetime(copy self)
        get {
            guard count > 0, self[count &- 1] == UInt8(ascii: "\r") else { return trimmed() }
            return slice(from: 0, to: count &- 1).trimmed()
        }
    }
}
