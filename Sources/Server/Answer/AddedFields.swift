import HTTP
import Linux

/// What a location adds to the fields of one answer: add_header and expires.
struct AddedFields {
    /// Lines, each with a line end before it; they stand behind ETag.
    var lines: [UInt8] = []
    /// The same, where the configuration knows them.
    var constant: PlanBytes?
    /// What stands behind everything else.
    var late: [UInt8] = []
    /// Takes the place of the file's ETag: a line, or nothing at all.
    var tagLine: [UInt8]?
    /// The file's time is not told, or told among the lines.
    var hidesModified = false
    /// When the answer expires, for gzip_proxied: seconds since 1970.
    var expires: Int64?
    /// The values of Cache-Control, for gzip_proxied.
    var cacheControls: [[UInt8]] = []
    /// Last-Modified was added.
    var addsModified = false
    /// True if Allow was added.
    var hasAllow = false
    /// Where in `lines` it, and an ETag that takes nobody's place, is.
    fileprivate var modifiedLine: Range<Int>?
    fileprivate var addedTagLine: Range<Int>?

    /// An ETag was added to an answer that has none.
    var addsTag: Bool { addedTagLine != nil }

    /// The value of the Last-Modified that was added; nil for none.
    var addedModified: [UInt8]? { modifiedLine.map { AddedFields.value(lines[$0]) } }

    /// The value of the ETag that takes the place of the file's, empty where that is not sent; nil
    /// if the file's is sent.
    var addedTag: [UInt8]? {
        if let range = addedTagLine { return AddedFields.value(lines[range]) }
        return tagLine.map { AddedFields.value($0[...]) }
    }

    private static func value(_ line: ArraySlice<UInt8>) -> [UInt8] {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return [] }
        return Array(line[(space &+ 1)...])
    }

    /// Puts a line where an earlier one of its kind was, or at the end: where it is now.
    fileprivate mutating func put(_ line: [UInt8], in old: Range<Int>?) -> Range<Int>? {
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

    /// Takes out what is of a file, for an answer that has none.
    fileprivate mutating func removeValidators() {
        if let range = modifiedLine { modifiedLine = put([], in: range) }
        if let range = addedTagLine { addedTagLine = put([], in: range) }
    }

    /// The tag as it is sent with an answer that was compressed on its way: a weak one. What is no
    /// tag is not sent then, as in nginx.
    mutating func weakenTag() {
        if let line = tagLine { tagLine = AddedFields.weak(line) }
        if let range = addedTagLine {
            addedTagLine = put(AddedFields.weak(Array(lines[range])), in: range)
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

extension Worker {
    /// What is added to an answer of the location, from what the answer would be without
    /// compression and ranges. `isForGzip`: every value is wanted by itself.
    mutating func addedFields(
        to head: AnswerHead, _ slot: Int, _ exchange: Int, _ location: LocationPlan,
        target: [UInt8] = [], isForGzip: Bool = false
    ) -> AddedFields {
        let set = plan.fields[Int(location.fields)]
        let plain = head.plain
        let takesAll = FieldsPlan.takesAll(plain.status)
        var added = AddedFields()
        if set.isConstant, !isForGzip {
            added.constant = takesAll ? set.whole : set.always
            added.hasAllow = takesAll ? set.wholeHasAllow : set.alwaysHasAllow
            return added
        }
        exchanges[exchange].status = plain.status
        // A redirect's target is seen as it was given, without the origin that is put before it.
        let told = target.isEmpty ? [] : contextIfAny(exchange)?.target ?? []
        if takesAll {
            keepHead(plain, added, told, exchange)
            addExpires(set, plain, &added, slot, exchange)
        }
        for index in 0..<set.fields.count {
            let field = set.fields[index]
            guard takesAll || field.isForAll else { continue }
            if !field.value.isConstant { keepHead(plain, added, told, exchange) }
            add(field, to: plain, &added, slot, exchange)
        }
        if head.isWeak { added.weakenTag() }
        return added
    }

    /// The fields of an answer, and those of the file before it whose range was not there: nginx
    /// has added them to the answer when it finds that out.
    mutating func allAddedFields(
        to head: AnswerHead, _ slot: Int, _ exchange: Int, _ location: LocationPlan,
        target: [UInt8]
    ) -> AddedFields {
        var added = addedFields(to: head, slot, exchange, location, target: target)
        guard exchanges[exchange].unsatisfiedSize >= 0,
            let kept = contextIfAny(exchange)?.fieldsOfFile
        else { return added }
        added.late = added.constant.map { Array($0) } ?? added.lines
        added.constant = nil
        added.lines = kept
        return added
    }

    /// Keeps what was added to the answer of a file that is not sent.
    mutating func keepFields(
        of head: AnswerHead, _ slot: Int, _ exchange: Int, _ location: LocationPlan
    ) {
        guard location.features.contains(.addsFields) else { return }
        var added = addedFields(to: head, slot, exchange, location)
        added.removeValidators()
        context(of: exchange).fieldsOfFile = added.constant.map { Array($0) } ?? added.lines
    }

    /// Keeps the head as it is so far, for texts that name its fields.
    private mutating func keepHead(
        _ head: AnswerHead, _ added: AddedFields, _ target: [UInt8], _ exchange: Int
    ) {
        guard plan.namesSentFields else { return }
        let clock = clock
        let bytes = bytes { (_, writer) in
            let nothing: [UInt8] = []
            head.write(
                into: &writer, clock, location: target.span, charset: nothing.span,
                challenges: nothing.span, cookies: nothing.span, adding: added)
        }
        keep(head: bytes, exchange)
    }

    mutating func keep(head bytes: [UInt8], _ exchange: Int) {
        while sentHeads.count <= exchange { sentHeads.append([]) }
        sentHeads[exchange] = bytes
        exchanges[exchange].hasSentHead = true
    }

    /// The response's head is not asked for any more.
    mutating func dropSentHead(_ exchange: Int) {
        guard exchanges[exchange].hasSentHead else { return }
        sentHeads[exchange] = []
        exchanges[exchange].hasSentHead = false
    }

    private mutating func addExpires(
        _ set: FieldsPlan, _ head: AnswerHead, _ added: inout AddedFields, _ slot: Int,
        _ exchange: Int
    ) {
        var rule = set.expires
        if set.expiresFrom != .rule {
            // A text that is no form of expires says nothing.
            let text = value(of: set.expiresText, slot, exchange)
            let fromModified = set.expiresFrom == .textFromModified
            guard let found = try? ExpiresRule.parse(text, fromModified: fromModified) else {
                return
            }
            rule = found
        }
        making.expires = rule
        let modified = head.tellsModified ? head.validators?.modified : nil
        guard
            let answer = rule.answer(
                now: clock.seconds, modified: modified.map { min($0, clock.seconds) },
                localOffset: { Clock.localOffset(at: $0) })
        else { return }
        added.expires = answer.time
        let control = bytes { (_, writer) in
            guard let age = answer.maxAge else {
                writer.append("no-cache")
                return
            }
            writer.append("max-age=")
            writer.append(decimal: age)
        }
        added.cacheControls.append(control)
        added.lines += bytes { (_, writer) in
            writer.append("\r\nExpires: ")
            HTTPDate.write(answer.time, into: &writer)
            writer.append("\r\nCache-Control: ")
            writer.append(control.span)
        }
    }

    private mutating func add(
        _ field: AddedFieldPlan, to head: AnswerHead, _ added: inout AddedFields, _ slot: Int,
        _ exchange: Int
    ) {
        let value = value(of: field.value, slot, exchange)
        var line: [UInt8] = []
        if !value.isEmpty {
            line = bytes { (_, writer) in
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
            added.modifiedLine = added.put(line, in: added.modifiedLine)
        case .etag:
            if head.hasETag, head.validators != nil, added.tagLine?.isEmpty != true {
                added.tagLine = line
            } else {
                added.addedTagLine = added.put(line, in: added.addedTagLine)
            }
        }
    }

    // MARK: trailers

    /// Whether an answer ends in trailers: then it is sent in chunks, whatever it is.
    func hasTrailers(_ status: Int, _ exchange: Int, _ location: LocationPlan) -> Bool {
        guard location.features.contains(.addsTrailers),
            !location.features.contains(.forbidsChunks), status != 204, status != 304,
            exchanges[exchange].method != .head,
            exchanges[exchange].parser.head.version == .http11
        else { return false }
        return plan.fields[Int(location.fields)].hasTrailers(status)
    }

    /// The last lines of a body in chunks, with the line end behind them.
    mutating func trailerLines(_ slot: Int, _ exchange: Int) -> [UInt8] {
        let location = plan.locations[Int(exchanges[exchange].location)]
        let set = plan.fields[Int(location.fields)]
        let takesAll = FieldsPlan.takesAll(exchanges[exchange].status)
        var lines: [UInt8] = []
        for index in 0..<set.trailers.count {
            let trailer = set.trailers[index]
            guard takesAll || trailer.isForAll else { continue }
            let value = value(of: trailer.value, slot, exchange)
            guard !value.isEmpty else { continue }
            lines += bytes { (_, writer) in
                writer.append(trailer.name.span)
                writer.append(fieldValue: value.span)
                writer.append("\r\n")
            }
        }
        if plan.namesSentFields { context(of: exchange).trailers = lines }
        return lines + Array("\r\n".utf8)
    }
}
