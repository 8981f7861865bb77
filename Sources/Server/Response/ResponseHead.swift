import HTTP
import Linux

/// Status and fields of a response, as values, which `write` serializes.
struct ResponseHead: BitwiseCopyable {
    /// The value of Content-Range.
    enum ContentRange: BitwiseCopyable {
        case none
        /// A range of bytes, the last one included, and the total size.
        case part(first: Int64, last: Int64, of: Int64)
        /// The total size for a 416.
        case unsatisfied(of: Int64)
    }

    /// The position of Location: nginx treats a path that it makes absolute as a field of its own,
    /// and any other as an added field.
    enum LocationPlace: BitwiseCopyable {
        case none, first, amongAdded
    }

    var status: Int
    var locationPlace = LocationPlace.none
    var contentType: PlanBytes?
    var charset = CharsetName.none
    /// The length; -1 for none.
    var contentLength: Int64 = -1
    /// The boundary of a multipart response, whose parts have the type `contentType`.
    var boundary: UInt64?
    /// The content's length before filters or ranges; -1 if that is `contentLength`.
    var wholeLength: Int64 = -1
    var isChunked = false
    var coding = ContentCoding.identity
    /// True if the content is compressed on the fly, not precompressed.
    var isCompressedOnTheFly = false
    /// True for a 304: type, length and coding are those of the 200, and are not sent.
    var hidesContent = false
    /// True if the ETag is weak: the bytes depend on the compressor.
    var isWeak = false
    var varies = false
    /// The source of Last-Modified and ETag.
    var validators: FileValidators?
    var sendsModified = true
    var hasETag = false
    var acceptsRanges = false
    var contentRange = ContentRange.none
    /// True if Allow is sent.
    var sendsAllow = false
    /// True if Allow includes OPTIONS.
    var allowsOptions = false
    /// True if 431 has its reason phrase: with `strict_requests on` only.
    var hasReasonFor431 = false
    var keepsAlive: Bool
    /// The value of Keep-Alive in seconds; 0 for no such field.
    var keepaliveSeconds = 0
    var showsVersion: Bool

    /// True if a response of this status may have content (RFC 9110, section 6.4.1), also if an
    /// error page is sent with it. As in nginx, the text of a 1xx is sent.
    var allowsContent: Bool { status != 204 && status != 304 }

    /// The head of a 204, which has no fields about content (RFC 9110, section 15.3.5).
    var withoutContent: ResponseHead {
        var head = self
        head.contentType = nil
        head.contentLength = -1
        head.sendsModified = false
        head.coding = .identity
        return head
    }

    /// The head before filters and ranges, from which added fields are evaluated.
    var unfiltered: ResponseHead {
        var head = self
        if wholeLength >= 0 { head.contentLength = wholeLength }
        if status == 206 { head.status = 200 }
        if isCompressedOnTheFly { head.coding = .identity }
        head.charset = .none
        head.isChunked = false
        head.isWeak = false
        head.hidesContent = false
        head.boundary = nil
        head.contentRange = .none
        head.acceptsRanges = false
        return head
    }

    /// Writes the head, with the fields in nginx's order. `location` is the value of Location, if
    /// there is one; `charset` is a charset that a variable was evaluated to; `challenges` and
    /// `cookies` are fields, each preceded by a line end.
    func write(
        into writer: inout ByteWriter, _ clock: CachedTime, location: Span<UInt8>,
        charset evaluated: Span<UInt8>, challenges: Span<UInt8>, cookies: Span<UInt8>,
        adding added: AddedFields? = nil
    ) {
        writeStatus(into: &writer)
        writer.append(showsVersion ? Version.serverField : "Server: apus")
        writer.append("\r\nDate: ")
        writer.append(clock.date.span)
        if !hidesContent { writeContentType(evaluated, into: &writer) }
        if contentLength >= 0, !hidesContent {
            writer.append("\r\nContent-Length: ")
            writer.append(decimal: contentLength)
        }
        if let validators, sendsModified, added?.hidesModified != true {
            writer.append("\r\nLast-Modified: ")
            HTTPDate.write(min(validators.modified, clock.seconds), into: &writer)
        }
        if locationPlace == .first { writeLocation(location, into: &writer) }
        if isChunked { writer.append("\r\nTransfer-Encoding: chunked") }
        if status == 101 {
            // nginx sends this whether or not it keeps the connection open.
            writer.append("\r\nConnection: upgrade")
        } else if keepsAlive {
            writer.append("\r\nConnection: keep-alive")
            if keepaliveSeconds > 0 {
                writer.append("\r\nKeep-Alive: timeout=")
                writer.append(decimal: Int64(keepaliveSeconds))
            }
        } else {
            writer.append("\r\nConnection: close")
        }
        if varies { writer.append("\r\nVary: Accept-Encoding") }
        writer.append(challenges)
        if locationPlace == .amongAdded { writeLocation(location, into: &writer) }
        if let line = added?.tagLine {
            writer.append(line.span)
        } else {
            writeETag(into: &writer)
        }
        if !isCompressedOnTheFly { writeContentEncoding(into: &writer) }
        if let added { writeLines(of: added, into: &writer) }
        writer.append(cookies)
        if isCompressedOnTheFly { writeContentEncoding(into: &writer) }
        writeRepresentationFields(into: &writer)
        if sendsAllow, added?.hasAllow != true { writeAllow(into: &writer) }
        if let added { writer.append(added.last.span) }
        writer.append("\r\n\r\n")
    }

    private func writeLocation(_ location: Span<UInt8>, into writer: inout ByteWriter) {
        writer.append("\r\nLocation: ")
        writer.append(location)
    }

    private func writeStatus(into writer: inout ByteWriter) {
        if status == 200 {
            writer.append("HTTP/1.1 200 OK\r\n")
            return
        }
        writer.append("HTTP/1.1 ")
        writer.append(status: status)
        writer.append(byte: UInt8(ascii: " "))
        writer.append(hasReasonFor431 ? Status.fieldsTooLarge : Status.reason(status))
        writer.append("\r\n")
    }

    private func writeContentType(_ charsetText: Span<UInt8>, into writer: inout ByteWriter) {
        if let boundary {
            writer.append("\r\nContent-Type: multipart/byteranges; boundary=")
            MultipartRanges.write(boundary: boundary, into: &writer)
        } else if let contentType, !contentType.isEmpty {
            writer.append("\r\nContent-Type: ")
            writer.append(contentType.span)
            charset.write(evaluated: charsetText, into: &writer)
        }
    }

    private func writeETag(into writer: inout ByteWriter) {
        guard hasETag, let validators else { return }
        writer.append("\r\nETag: ")
        validators.writeTag(isLong: validators.mtimeIsAmbiguous, isWeak: isWeak, into: &writer)
    }

    private func writeLines(of added: AddedFields, into writer: inout ByteWriter) {
        if let constant = added.constant { writer.append(constant.span) }
        writer.append(added.lines.span)
    }

    private func writeContentEncoding(into writer: inout ByteWriter) {
        guard coding != .identity, !hidesContent else { return }
        writer.append("\r\nContent-Encoding: ")
        writer.append(coding.name)
    }

    private func writeRepresentationFields(into writer: inout ByteWriter) {
        if acceptsRanges { writer.append("\r\nAccept-Ranges: bytes") }
        switch contentRange {
        case .none: break
        case .part(let first, let last, let size):
            writer.append("\r\nContent-Range: bytes ")
            writer.append(decimal: first)
            writer.append(byte: UInt8(ascii: "-"))
            writer.append(decimal: last)
            writer.append(byte: UInt8(ascii: "/"))
            writer.append(decimal: size)
        case .unsatisfied(let size):
            writer.append("\r\nContent-Range: bytes */")
            writer.append(decimal: size)
        }
    }

    private func writeAllow(into writer: inout ByteWriter) {
        writer.append("\r\nAllow: GET, HEAD")
        if allowsOptions { writer.append(", OPTIONS") }
    }
}

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
    var expiry: Int64?
    /// The values of Cache-Control, for gzip_proxied.
    var cacheControls: [[UInt8]] = []
    /// True if Last-Modified was added.
    var addsModified = false
    /// True if Allow was added.
    var hasAllow = false
    /// The ranges in `lines` of Last-Modified, and of an ETag that replaces no other.
    private var modifiedLine: Range<Int>?
    private var addedTagLine: Range<Int>?

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
    private mutating func replaceOrAppend(_ line: [UInt8], in old: Range<Int>?) -> Range<Int>? {
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

    /// Adds a Last-Modified, which replaces the file's; an empty line sends none.
    mutating func setModified(_ line: [UInt8]) {
        hidesModified = true
        addsModified = !line.isEmpty
        modifiedLine = replaceOrAppend(line, in: modifiedLine)
    }

    /// Adds an ETag, which replaces the file's if the response has one; an empty line sends none.
    mutating func setTag(_ line: [UInt8], replacesOwn: Bool) {
        if replacesOwn, tagLine?.isEmpty != true {
            tagLine = line
        } else {
            addedTagLine = replaceOrAppend(line, in: addedTagLine)
        }
    }

    /// Removes validators from a response without a file.
    mutating func removeValidators() {
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
