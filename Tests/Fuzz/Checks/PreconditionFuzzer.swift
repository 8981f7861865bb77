import HTTP

/// The bytes as conditional request headers, and as a list of entity tags.
enum PreconditionFuzzer {
    /// The modification time of the file: Sun, 06 Nov 1994 08:49:37 GMT.
    private static let modified: Int64 = 784_111_777

    static func fuzz(_ bytes: Span<UInt8>) throws {
        for tag in ["\"2ebc9ba1-3\"", "W/\"2ebc9ba1-3\"", ""] {
            let tag = Array(tag.utf8)
            try checkList(bytes, tag)
            for method in ["GET", "HEAD", "POST"] {
                try checkRequest("\(method) / HTTP/1.1\r\nHost: a\r\n", bytes, tag)
            }
        }
    }

    private static func checkList(_ list: Span<UInt8>, _ tag: [UInt8]) throws {
        let isWeak = EntityTag.weakMatch(tag.span, in: list)
        let isStrong = EntityTag.strongMatch(tag.span, in: list)
        try require(isWeak || !isStrong, "a strong match that is no weak one")
        try require(isWeak == matches(list.array, tag, isStrong: false), "weak match")
        try require(isStrong == matches(list.array, tag, isStrong: true), "strong match")
    }

    /// Compares by RFC 9110, section 8.8.3.2, member by member.
    private static func matches(_ list: [UInt8], _ tag: [UInt8], isStrong: Bool) -> Bool {
        if list == [0x2A] { return true }
        if tag.isEmpty { return false }
        let members = list.parts(separatedBy: 0x2C).map(\.withoutSpaces)
        if isStrong { return tag[0] == 0x22 && members.contains(tag) }
        return members.contains { opaque($0) == opaque(tag) }
    }

    private static func opaque(_ tag: [UInt8]) -> [UInt8] {
        tag.count > 2 && tag.starts(with: [0x57, 0x2F]) ? Array(tag.dropFirst(2)) : tag
    }

    private static func checkRequest(
        _ start: String, _ fields: Span<UInt8>, _ tag: [UInt8]
    ) throws {
        let request = Array(start.utf8) + fields.array + Array("\r\n\r\n".utf8)
        var parser = RequestParser(limits: HeadLimits())
        guard parser.resume(request.span) == .complete else { return }
        let head = parser.head
        for time: Int64? in [modified, modified + 1, -1, nil] {
            for mode in [Validators.ModifiedSince.off, .exact, .before] {
                let outcome = Preconditions.evaluate(
                    head, request.span,
                    Validators(modified: time, etag: tag.span, modifiedSince: mode))
                let model = model(head, request, time, tag, mode)
                try require(
                    outcome == model, "\(outcome), the model \(model): \(time ?? 0) \(mode)")
            }
            guard let field = head.field(.ifRange) else { continue }
            let value = request.span.slice(field).array
            let allows = IfRange.allowsRange(
                value.span, Validators(modified: time, etag: tag.span))
            let isTag = tag.first == 0x22 && value == tag
            let isDate = value.last != 0x22 && time != nil && HTTPDate.parse(value.span) == time
            try require(allows == (isTag || isDate), "If-Range")
        }
    }

    /// Evaluates the steps of RFC 9110, section 13.2.2.
    private static func model(
        _ head: RequestHead, _ request: [UInt8], _ time: Int64?, _ tag: [UInt8],
        _ mode: Validators.ModifiedSince
    ) -> Preconditions.Outcome {
        func value(_ name: FieldName) -> [UInt8]? {
            head.field(name).map { request.span.slice($0).array }
        }
        func date(_ name: FieldName) -> Int64? {
            time == nil ? nil : value(name).flatMap { HTTPDate.parse($0.span) }
        }
        let isRead = head.method == .get || head.method == .head
        if let list = value(.ifMatch) {
            if !matches(list, tag, isStrong: true) { return .failed }
        } else if let time, let date = date(.ifUnmodifiedSince), date < time {
            return .failed
        }
        if let list = value(.ifNoneMatch) {
            guard matches(list, tag, isStrong: false) else { return .proceed }
            return isRead ? .notModified : .failed
        }
        guard isRead, let time, let date = date(.ifModifiedSince) else { return .proceed }
        switch mode {
        case .off: return .proceed
        case .exact: return date == time ? .notModified : .proceed
        case .before: return date >= time ? .notModified : .proceed
        }
    }
}
