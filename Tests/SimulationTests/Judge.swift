/// Decides whether a response is right.
struct Judge {
    let site: Site
    let setup: Setup
    /// The dates that the clock has shown, in seconds.
    let dates: [Int64]
    /// True if calls of the worker may fail for want of descriptors or memory.
    let hasShortages: Bool
    let isDraining: Bool
    /// The number of clients, which no counter may exceed.
    let clientCount: Int
    /// True if another client of the same address may have had a limited request at the same time.
    let mayBeLimited: Bool

    /// The content of a body.
    enum Body: Equatable {
        case none
        case bytes([UInt8])
        /// A part of a file that had one of the contents at each place.
        case file(offset: Int64, count: Int64, contents: [UInt32], mayBeCut: Bool)
        /// A compressed file, in chunks or of `length` bytes.
        case gzip(length: Int?, count: Int64, contents: [UInt32], mayBeCut: Bool)
        /// The page of stub_status.
        case counts(length: Int, most: Int)

        /// True if the file was truncated, so that the connection may end within the body.
        var mayBeCut: Bool {
            switch self {
            case .none, .bytes, .counts: false
            case .file(_, _, _, let mayBeCut), .gzip(_, _, _, let mayBeCut): mayBeCut
            }
        }
    }

    /// The result of comparing a head.
    enum Verdict {
        /// The head is right, with one of these bodies.
        case right([Body])
        case wrong(String)
    }

    /// Compares a head with those that the request may get.
    func judge(_ response: Response, to request: Request, isLast: Bool) -> Verdict {
        guard let date = response.field("Date") else { return .wrong("no Date") }
        let shown = dates[max(0, request.datesBefore - 1)...]
        guard let now = shown.last(where: { Dates.text($0) == date }) else {
            return .wrong("Date is \(date), the clock showed \(shown.map(Dates.text))")
        }
        var tried: [[String]] = []
        var bodies: [Body] = []
        for (head, body) in expected(request, isLast: isLast, response) {
            var head = head
            head.modified = head.modified.map { min($0, now) }
            for keepsAlive in isDraining ? [head.keepsAlive, false] : [head.keepsAlive] {
                var head = head
                head.keepsAlive = keepsAlive
                let lines = head.lines(date: date)
                if lines.elementsEqual(response.lines, by: { $0 == $1 }) {
                    bodies.append(request.isHead ? .none : body)
                }
                tried.append(lines)
            }
        }
        return !bodies.isEmpty
            ? .right(bodies) : .wrong("\(response.lines) instead of one of \(tried)")
    }

    /// Returns the heads and bodies that are right for a request.
    private func expected(
        _ request: Request, isLast: Bool, _ response: Response
    ) -> [(ExpectedHead, Body)] {
        let keepsAlive = request.keepsAlive && !isLast
        var all: [(ExpectedHead, Body)] = []
        switch request.kind {
        case .dropped: break
        case .refused(let status): all = [page(status, keepsAlive: false)]
        case .fixed(let fixed): all = [self.fixed(fixed, keepsAlive)]
        case .counts: all = [counts(response, keepsAlive)]
        case .file(let path, let prefix):
            guard let sentAt = request.sentAt else { return [] }
            var outcomes = site.outcomes(of: path, since: sentAt)
            let isTried = Site.paths[path].hasPrefix("try/")
            if isTried, hasShortages || outcomes.count > 1 {
                // A file that cannot be opened counts as missing.
                outcomes += site.outcomes(of: 0, since: sentAt)
            }
            if outcomes.count > 1, isTried || Site.paths[path].hasSuffix("/") {
                // The file may be removed after it was chosen.
                outcomes.append(Site.Outcome(status: 404))
            }
            for outcome in outcomes {
                if outcome.status == 200 {
                    all += file(outcome, request, prefix, keepsAlive, response)
                } else if outcome.status == 301 {
                    var (head, body) = page(301, keepsAlive: keepsAlive)
                    head.location = "http://a\(prefix)/\(Site.paths[path])/"
                    all.append((head, body))
                } else if outcome.status == 404, prefix == "/e" {
                    var head = ExpectedHead(status: 204, keepsAlive: keepsAlive)
                    head.tag = Judge.tag(site.errorPageModified, Site.errorPageSize, response)
                    all.append((head, .none))
                } else {
                    all.append(page(outcome.status, keepsAlive: keepsAlive))
                }
            }
            if request.isLimited, mayBeLimited { all.append(page(503, keepsAlive: keepsAlive)) }
            if hasShortages { all.append(page(500, keepsAlive: false)) }
        }
        if request.hasInvalidBody { all.append(page(400, keepsAlive: false)) }
        return all
    }

    private func page(_ status: Int, keepsAlive: Bool) -> (ExpectedHead, Body) {
        let bytes = ExpectedHead.page(status)
        var head = ExpectedHead(type: "text/html", length: Int64(bytes.count))
        head.status = status == 494 ? 400 : status
        head.keepsAlive = keepsAlive && status != 500
        return (head, .bytes(bytes))
    }

    private func fixed(_ fixed: Request.Fixed, _ keepsAlive: Bool) -> (ExpectedHead, Body) {
        switch fixed.status {
        case 200:
            let length = Int64(fixed.body.count)
            return (
                ExpectedHead(type: "text/plain", length: length, keepsAlive: keepsAlive),
                .bytes(fixed.body)
            )
        case 204: return (ExpectedHead(status: 204, keepsAlive: keepsAlive), .none)
        default:
            var (head, body) = page(fixed.status, keepsAlive: keepsAlive)
            if !fixed.location.isEmpty {
                head.location = fixed.location
                head.hasAddedLocation = true
            }
            return (head, body)
        }
    }

    private func counts(_ response: Response, _ keepsAlive: Bool) -> (ExpectedHead, Body) {
        let length = response.contentLength ?? 0
        return (
            ExpectedHead(type: "text/plain", length: Int64(length), keepsAlive: keepsAlive),
            .counts(length: length, most: clientCount)
        )
    }

    // MARK: files

    private func file(
        _ outcome: Site.Outcome, _ request: Request, _ prefix: String, _ keepsAlive: Bool,
        _ response: Response
    ) -> [(ExpectedHead, Body)] {
        var head = ExpectedHead(length: outcome.size, keepsAlive: keepsAlive)
        head.type =
            outcome.name.hasSuffix(".txt")
            ? "text/plain"
            : outcome.name.hasSuffix(".html")
                ? "text/html"
                : "application/octet-stream"
        head.modified = outcome.modified
        head.acceptsRanges = true
        head.tag = Judge.tag(outcome.modified, outcome.size, response)
        let versions = site.versions(of: outcome.inode, since: request.sentAt ?? 0)
        let contents =
            [outcome.content] + versions.map(\.content).filter { $0 != outcome.content }
        let mayBeCut =
            hasShortages || versions.contains { $0.size < outcome.size }
        let file = { (offset: Int64, count: Int64) in
            Body.file(offset: offset, count: count, contents: contents, mayBeCut: mayBeCut)
        }
        let isGzip =
            prefix == "/z" && request.acceptsGzip && !request.isOld && outcome.size >= 300
            && head.type?.hasPrefix("text/") == true
        if isGzip { head.tag = head.tag.map { $0.hasPrefix("W/") ? $0 : "W/\($0)" } }
        if request.isConditional {
            head.status = 304
            head.type = nil
            head.length = nil
            head.acceptsRanges = false
            return [(head, .none)]
        }
        if isGzip {
            // A variant that the helper process has compressed has a length.
            let length = setup.usesHelper ? response.contentLength : nil
            head.length = length.map(Int64.init)
            head.isChunked = length == nil && !request.isHead
            head.isGzip = true
            head.acceptsRanges = false
            let body = Body.gzip(
                length: length, count: outcome.size, contents: contents, mayBeCut: mayBeCut)
            return [(head, body)]
        }
        // As in nginx, a range from the start of an empty file is the whole file.
        if let part = request.part, !request.isHead, part.first > 0 || outcome.size > 0 {
            return [ranged(part, of: outcome.size, head, file)]
        }
        return [(head, file(0, outcome.size))]
    }

    /// Returns the tag of a file, in the form that the response has: the longer one also has the
    /// nanoseconds of ctime.
    private static func tag(_ modified: Int64, _ size: Int64, _ response: Response) -> String {
        let short = "\(String(modified, radix: 16))-\(String(size, radix: 16))"
        if let tag = response.field("ETag"), tag.contains("\(short)-") { return "\(tag)" }
        return "\"\(short)\""
    }

    private func ranged(
        _ part: Request.Part, of size: Int64, _ whole: ExpectedHead,
        _ file: (Int64, Int64) -> Body
    ) -> (ExpectedHead, Body) {
        guard part.first < size else {
            var (head, body) = page(416, keepsAlive: whole.keepsAlive)
            head.contentRange = "bytes */\(size)"
            return (head, body)
        }
        let end = min(part.last.map { $0 + 1 } ?? size, size)
        var head = whole
        head.status = 206
        head.length = end - part.first
        head.acceptsRanges = false
        head.contentRange = "bytes \(part.first)-\(end - 1)/\(size)"
        return (head, file(part.first, end - part.first))
    }
}
