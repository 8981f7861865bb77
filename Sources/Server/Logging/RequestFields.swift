import HTTP

/// Parts of a request that variables name: fields, arguments of the query, cookies.
extension RequestRecord {
    /// The value of the first field of a name in lower case.
    @_lifetime(copy received)
    func field(_ name: Span<UInt8>, in received: Span<UInt8>) -> Span<UInt8> {
        var fields = FieldIterator(exchange.parser.head)
        while let field = fields.next(in: received) {
            if received.slice(field.name).equalsIgnoringCase(name) {
                return received.slice(field.value)
            }
        }
        return received.slice(.empty)
    }

    /// The value of the first field of a name in lower case.
    @_lifetime(copy received)
    func field(_ name: StaticString, in received: Span<UInt8>) -> Span<UInt8> {
        var fields = FieldIterator(exchange.parser.head)
        while let field = fields.next(in: received) {
            if received.slice(field.name).equalsIgnoringCase(name) {
                return received.slice(field.value)
            }
        }
        return received.slice(.empty)
    }

    /// The value of a field of the answer's head.
    @_lifetime(copy head)
    func sentField(_ name: Span<UInt8>, in head: Span<UInt8>) -> Span<UInt8> {
        var start = 0
        while start < head.count {
            let end = head.firstIndex(of: UInt8(ascii: "\n"), from: start) ?? head.count
            let line = head.slice(from: start, to: end)
            if line.count > name.count, line[name.count] == UInt8(ascii: ":"),
                line.slice(from: 0, to: name.count).equalsIgnoringCase(name)
            {
                return line.slice(from: name.count &+ 1, to: line.count).trimmedLine
            }
            start = end &+ 1
        }
        return head.slice(.empty)
    }

    /// The value of an argument of the query.
    @_lifetime(copy received)
    func argument(_ name: Span<UInt8>, in received: Span<UInt8>) -> Span<UInt8> {
        RequestRecord.value(
            of: name, in: received.slice(exchange.parser.head.query),
            separatedBy: UInt8(ascii: "&"))
    }

    /// The value of a cookie.
    @_lifetime(copy received)
    func cookie(_ name: Span<UInt8>, in received: Span<UInt8>) -> Span<UInt8> {
        guard let field = exchange.parser.head.field(.cookie) else {
            return received.slice(.empty)
        }
        return RequestRecord.value(
            of: name, in: received.slice(field), separatedBy: UInt8(ascii: ";"))
    }

    /// The value of `name=value` in a list.
    @_lifetime(copy list)
    private static func value(
        of name: Span<UInt8>, in list: Span<UInt8>, separatedBy separator: UInt8
    ) -> Span<UInt8> {
        var start = 0
        while start < list.count {
            let end = list.firstIndex(of: separator, from: start) ?? list.count
            let pair = list.slice(from: start, to: end).trimmed()
            if pair.count > name.count, pair[name.count] == UInt8(ascii: "="),
                pair.slice(from: 0, to: name.count).equalsIgnoringCase(name)
            {
                return pair.slice(from: name.count &+ 1, to: pair.count)
            }
            start = end &+ 1
        }
        return list.slice(.empty)
    }
}

extension Span where Element == UInt8 {
    /// Without the carriage return at its end and the space around it.
    fileprivate var trimmedLine: Span<UInt8> {
        @_lifetime(copy self)
        get {
            guard count > 0, self[count &- 1] == UInt8(ascii: "\r") else { return trimmed() }
            return slice(from: 0, to: count &- 1).trimmed()
        }
    }
}
