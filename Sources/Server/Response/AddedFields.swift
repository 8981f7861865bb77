import HTTP
import Linux

/// The fields that a location adds to one response: add_header and expires.
struct AddedFields {
    /// Lines, each preceded by a line end, which follow ETag.
    var lines: [UInt8] = []
    /// Lines that are constant in the configuration.
    var constant: PlanBytes?
    /// Lines that follow all other fields.
    var last: [UInt8] = []
    /// The line that replaces the file's ETag; empty to send none.
    var tagLine: [UInt8]?
    /// True if the file's time is not sent, or is sent among the lines.
    var hidesModified = false
    /// The time at which the response expires, for gzip_proxied: seconds since 1970.
    var expires: Int64?
    /// The values of Cache-Control, for gzip_proxied.
    var cacheControls: [[UInt8]] = []
    /// True if Last-Modified was added.
    var addsModified = false
    /// True if Allow was added.
    var hasAllow = false
    /// The ranges in `lines` of Last-Modified, and of an ETag that replaces no other.
    fileprivate var modifiedLine: Range<Int>?
    fileprivate var addedTagLine: Range<Int>?

    /// True if an ETag was added to a response without one.
    var addsTag: Bool { addedTagLine != nil }

    /// The value of the added Last-Modified; nil for none.
    var addedModified: [UInt8]? { modifiedLine.map { AddedFields.value(lines[$0]) } }

    /// The value of the ETag that replaces the file's, empty if none is sent; nil if the file's is
    /// sent.
    var addedTag: [UInt8]? {
        if let range = addedTagLine { return AddedFields.value(lines[range]) }
        return tagLine.map { AddedFields.value($0[...]) }
    }

    private static func value(_ line: ArraySlice<UInt8>) -> [UInt8] {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return [] }
        return Array(line[(space &+ 1)...])
    }

    /// Replaces an earlier line of the same kind, or appends one. Returns its range.
    fileprivate mutating func replaceOrAppend(_ line: [UInt8], in old: Range<Int>?) -> Range<Int>? {
        if let old {
            lines.replaceSubrange(old, with: line)
            let change = line.count &- old.count
            let moved = { (range: Range<Int>) in
                range.lowerBound > old.lowerBound
                    ? (range.lowerBound &+ change)..<(range.upperBound &+ change) : range
            }
            modifiedLine = modifiedLine.map(moved)
            addedTagLine = addedTagLine.map(moved)
            return line.isEmpty ? nil : old.lowerBound..<(old.lowerBound &+ line.count)
        }
        let start = lines.count
        lines += line
        return line.isEmpty ? nil : start..<lines.count
    }

    /// Removes validators from a response without a file.
    fileprivate mutating func removeValidators() {
        if let range = modifiedLine { modifiedLine = replaceOrAppend([], in: range) }
        if let range = addedTagLine { addedTagLine = replaceOrAppend([], in: range) }
    }

    /// Makes the ETag of a compressed response weak. As in nginx, an invalid one is not sent.
    mutating func weakenTag() {
        if let line = tagLine { tagLine = AddedFields.weak(line) }
        if let range = addedTagLine {
            addedTagLine = replaceOrAppend(AddedFields.weak(Array(lines[range])), in: range)
        }
    }

    private static func weak(_ line: [UInt8]) -> [UInt8] {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return line }
        let value = line[(space &+ 1)...]
        if value.starts(with: "W/".utf8) { return line }
        guard value.first == UInt8(ascii: "\"") else { return [] }
        return line[...space] + Array("W/".utf8) + value
    }
}

enum Headers {
    /// Returns the fields that the location adds, evaluated for the response before compression and
    /// ranges. With `isForGzip`, constant fields are evaluated one by one as well, so that
    /// gzip_proxied can see the values.
    static func addedFields(
        to head: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan,
        target: [UInt8] = [], isForGzip: Bool = false
    ) -> AddedFields {
        let set = services.plan.fields[Int(location.fields)]
        let plain = head.unfiltered
        let addsAll = FieldsPlan.addsFieldsTo(plain.status)
        var added = AddedFields()
        if set.isConstant, !isForGzip {
            added.constant = addsAll ? set.whole : set.always
            added.hasAllow = addsAll ? set.wholeHasAllow : set.alwaysHasAllow
            return added
        }
        request.status = plain.status
        // Variables have the configured target of a redirect, without the prepended origin.
        let configuredTarget = target.isEmpty ? [] : request.context?.target ?? []
        if addsAll {
            storeHead(plain, added, configuredTarget, &request, &services)
            addExpires(set, plain, &added, &request, &services)
        }
        for index in 0..<set.fields.count {
            let field = set.fields[index]
            guard addsAll || field.isForAll else { continue }
            if !field.value.isConstant {
                storeHead(plain, added, configuredTarget, &request, &services)
            }
            add(field, to: plain, &added, &request, &services)
        }
        if head.isWeak { added.weakenTag() }
        return added
    }

    /// Returns the added fields of a response, together with those of the file whose range was
    /// unsatisfiable: nginx has added the latter before it detects that.
    static func allAddedFields(
        to head: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan,
        target: [UInt8]
    ) -> AddedFields {
        var added = addedFields(to: head, &request, &services, location, target: target)
        guard request.unsatisfiedSize >= 0,
            let fileFields = request.context?.fieldsOfFile
        else { return added }
        added.last = added.constant.map { Array($0) } ?? added.lines
        added.constant = nil
        added.lines = fileFields
        return added
    }

    /// Stores the fields that were added to the response of a file that is not sent.
    static func storeFields(
        of head: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) {
        guard location.features.contains(.addsFields) else { return }
        var added = addedFields(to: head, &request, &services, location)
        added.removeValidators()
        services.context(of: &request).fieldsOfFile =
            added.constant.map { Array($0) } ?? added.lines
    }

    /// Stores the head so far, for variables that refer to its fields.
    private static func storeHead(
        _ head: ResponseHead, _ added: AddedFields, _ target: [UInt8], _ request: inout Request,
        _ services: inout Services
    ) {
        guard services.plan.namesSentFields else { return }
        let clock = services.clock
        let bytes = services.bytes { (_, writer) in
            let nothing: [UInt8] = []
            head.write(
                into: &writer, clock, location: target.span, charset: nothing.span,
                challenges: nothing.span, cookies: nothing.span, adding: added)
        }
        storeSentHead(bytes, &request)
    }

    static func storeSentHead(_ bytes: [UInt8], _ request: inout Request) {
        request.sentHead = bytes
    }

    private static func addExpires(
        _ set: FieldsPlan, _ head: ResponseHead, _ added: inout AddedFields,
        _ request: inout Request, _ services: inout Services
    ) {
        var rule = set.expires
        if set.expiresFrom != .rule {
            // A value that is not a valid argument of `expires` has no effect.
            let text = Variables.value(of: set.expiresText, &request, &services)
            let fromModified = set.expiresFrom == .textFromModified
            guard let found = try? ExpiresRule.parse(text, fromModified: fromModified) else {
                return
            }
            rule = found
        }
        services.recorder.expires = rule
        let modified = head.sendsModified ? head.validators?.modified : nil
        guard
            let expiry = rule.expiry(
                now: services.clock.seconds,
                modified: modified.map { min($0, services.clock.seconds) },
                localOffset: { Clock.localOffset(at: $0) })
        else { return }
        added.expires = expiry.time
        let control = services.bytes { (_, writer) in
            guard let age = expiry.maxAge else {
                writer.append("no-cache")
                return
            }
            writer.append("max-age=")
            writer.append(decimal: age)
        }
        added.cacheControls.append(control)
        added.lines += services.bytes { (_, writer) in
            writer.append("\r\nExpires: ")
            HTTPDate.write(expiry.time, into: &writer)
            writer.append("\r\nCache-Control: ")
            writer.append(control.span)
        }
    }

    private static func add(
        _ field: AddedFieldPlan, to head: ResponseHead, _ added: inout AddedFields,
        _ request: inout Request, _ services: inout Services
    ) {
        let value = Variables.value(of: field.value, &request, &services)
        var line: [UInt8] = []
        if !value.isEmpty {
            line = services.bytes { (_, writer) in
                writer.append(field.name.span)
                writer.append(fieldValue: value.span)
            }
        }
        switch field.kind {
        case .plain: added.lines += line
        case .allow:
            added.lines += line
            added.hasAllow = added.hasAllow || !value.isEmpty
        case .cacheControl:
            added.lines += line
            if !value.isEmpty { added.cacheControls.append(value) }
        case .lastModified:
            added.hidesModified = true
            added.addsModified = !value.isEmpty
            added.modifiedLine = added.replaceOrAppend(line, in: added.modifiedLine)
        case .etag:
            if head.hasETag, head.validators != nil, added.tagLine?.isEmpty != true {
                added.tagLine = line
            } else {
                added.addedTagLine = added.replaceOrAppend(line, in: added.addedTagLine)
            }
        }
    }

    // MARK: trailers

    /// Returns true if a response has trailers, and is therefore sent in chunks.
    static func hasTrailers(
        _ status: Int, _ request: borrowing Request, _ services: borrowing Services,
        _ location: LocationPlan
    ) -> Bool {
        guard location.features.contains(.addsTrailers),
            !location.features.contains(.forbidsChunks), status != 204, status != 304,
            request.method != .head,
            request.parser.head.version == .http11
        else { return false }
        return services.plan.fields[Int(location.fields)].hasTrailers(status)
    }

    /// Returns the trailer lines of a chunked body, with the final line end.
    static func trailerLines(_ request: inout Request, _ services: inout Services) -> [UInt8] {
        let location = services.plan.locations[Int(request.location)]
        let set = services.plan.fields[Int(location.fields)]
        let addsAll = FieldsPlan.addsFieldsTo(request.status)
        var lines: [UInt8] = []
        for index in 0..<set.trailers.count {
            let trailer = set.trailers[index]
            guard addsAll || trailer.isForAll else { continue }
            let value = Variables.value(of: trailer.value, &request, &services)
            guard !value.isEmpty else { continue }
            lines += services.bytes { (_, writer) in
                writer.append(trailer.name.span)
                writer.append(fieldValue: value.span)
                writer.append("\r\n")
            }
        }
        if services.plan.namesSentFields { services.context(of: &request).trailers = lines }
        return lines + Array("\r\n".utf8)
    }
}
