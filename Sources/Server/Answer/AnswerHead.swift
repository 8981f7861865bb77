import HTTP

/// Status and fields of an answer, as values; ``write(into:_:location:)`` makes bytes of them.
struct AnswerHead: BitwiseCopyable {
    /// What Content-Range says.
    enum ContentRange: BitwiseCopyable {
        case none
        /// These bytes, the last one included, of so many.
        case part(first: Int64, last: Int64, of: Int64)
        /// No byte of so many: 416.
        case unsatisfied(of: Int64)
    }

    /// Where Location stands: nginx makes a field of its own of a path that it makes absolute, and
    /// leaves any other where fields are added.
    enum LocationPlace: BitwiseCopyable {
        case none, first, amongAdded
    }

    var status: Int
    var locationPlace = LocationPlace.none
    var contentType: PlanBytes?
    var charset = CharsetName.none
    /// -1 for none.
    var contentLength: Int64 = -1
    /// The answer is parts of these, with this boundary; the type of each is `contentType`.
    var boundary: UInt64?
    /// The content's length before filters changed it or parts of it were taken; -1 when that is
    /// `contentLength`.
    var wholeLength: Int64 = -1
    var isChunked = false
    var coding = ContentCoding.identity
    /// The content is compressed on its way, not beforehand.
    var isCodedHere = false
    /// 304: type, length and coding are those of the 200, and are not told.
    var hidesContent = false
    /// The ETag is marked as weak: the bytes depend on the compressor.
    var isWeak = false
    var varies = false
    /// Last-Modified and ETag come from here.
    var validators: FileValidators?
    var tellsModified = true
    var hasETag = false
    var acceptsRanges = false
    var contentRange = ContentRange.none
    /// Allow says which methods there are.
    var allows = false
    /// OPTIONS is one of them.
    var allowsOptions = false
    /// True if 431 has its reason phrase: with `strict_requests on` only.
    var tellsFieldsTooLarge = false
    var keepsAlive: Bool
    /// 0 for no Keep-Alive field.
    var keepaliveSeconds = 0
    var tellsVersion: Bool

    /// False if a response of this status has no content (RFC 9110, section 6.4.1), whatever page
    /// is sent under it. nginx sends the text of a 1xx.
    var allowsContent: Bool { status != 204 && status != 304 }

    /// The head of a 204, which says nothing of a content (RFC 9110, section 15.3.5).
    var withoutContent: AnswerHead {
        var head = self
        head.contentType = nil
        head.contentLength = -1
        head.tellsModified = false
        head.coding = .identity
        return head
    }

    /// The head before filters and ranges: what added fields are made from.
    var plain: AnswerHead {
        var head = self
        if wholeLength >= 0 { head.contentLength = wholeLength }
        if status == 206 { head.status = 200 }
        if isCodedHere { head.coding = .identity }
        head.charset = .none
        head.isChunked = false
        head.isWeak = false
        head.hidesContent = false
        head.boundary = nil
        head.contentRange = .none
        head.acceptsRanges = false
        return head
    }

    /// Writes the head in the order in which nginx sends the fields. `location` is what Location
    /// says, where there is one; `charset` is what a variable made of it; `challenges` and
    /// `cookies` are fields with a line end before each.
    func write(
        into writer: inout HeadWriter, _ clock: TurnClock, location: Span<UInt8>,
        charset made: Span<UInt8>, challenges: Span<UInt8>, cookies: Span<UInt8>,
        adding added: AddedFields? = nil
    ) {
        writeStatus(into: &writer)
        writer.append(tellsVersion ? Version.serverField : "Server: apus")
        writer.append("\r\nDate: ")
        writer.append(clock.date.span)
        if !hidesContent { writeContentType(made, into: &writer) }
        if contentLength >= 0, !hidesContent {
            writer.append("\r\nContent-Length: ")
            writer.append(decimal: contentLength)
        }
        if let validators, tellsModified, added?.hidesModified != true {
            writer.append("\r\nLast-Modified: ")
            HTTPDate.write(min(validators.modified, clock.seconds), into: &writer)
        }
        if locationPlace == .first { writeLocation(location, into: &writer) }
        if isChunked { writer.append("\r\nTransfer-Encoding: chunked") }
        if status == 101 {
            // nginx sends this whether or not it keeps the connection.
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
        if !isCodedHere { writeCoding(into: &writer) }
        if let added { writeLines(of: added, into: &writer) }
        writer.append(cookies)
        if isCodedHere { writeCoding(into: &writer) }
        writeRepresentationFields(into: &writer)
        if allows, added?.hasAllow != true { writeAllow(into: &writer) }
        if let added { writer.append(added.late.span) }
        writer.append("\r\n\r\n")
    }

    private func writeLocation(_ location: Span<UInt8>, into writer: inout HeadWriter) {
        writer.append("\r\nLocation: ")
        writer.append(location)
    }

    private func writeStatus(into writer: inout HeadWriter) {
        if status == 200 {
            writer.append("HTTP/1.1 200 OK\r\n")
            return
        }
        writer.append("HTTP/1.1 ")
        writer.append(status: status)
        writer.append(byte: UInt8(ascii: " "))
        writer.append(tellsFieldsTooLarge ? Status.fieldsTooLarge : Status.reason(status))
        writer.append("\r\n")
    }

    private func writeContentType(_ made: Span<UInt8>, into writer: inout HeadWriter) {
        if let boundary {
            writer.append("\r\nContent-Type: multipart/byteranges; boundary=")
            MultipartRanges.write(boundary: boundary, into: &writer)
        } else if let contentType, !contentType.isEmpty {
            writer.append("\r\nContent-Type: ")
            writer.append(contentType.span)
            charset.write(made: made, into: &writer)
        }
    }

    private func writeETag(into writer: inout HeadWriter) {
        guard hasETag, let validators else { return }
        writer.append("\r\nETag: ")
        validators.writeTag(isLong: validators.isYoung, isWeak: isWeak, into: &writer)
    }

    private func writeLines(of added: AddedFields, into writer: inout HeadWriter) {
        if let constant = added.constant { writer.append(constant.span) }
        writer.append(added.lines.span)
    }

    private func writeCoding(into writer: inout HeadWriter) {
        guard coding != .identity, !hidesContent else { return }
        writer.append("\r\nContent-Encoding: ")
        writer.append(coding.name)
    }

    private func writeRepresentationFields(into writer: inout HeadWriter) {
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

    private func writeAllow(into writer: inout HeadWriter) {
        writer.append("\r\nAllow: GET, HEAD")
        if allowsOptions { writer.append(", OPTIONS") }
    }
}
