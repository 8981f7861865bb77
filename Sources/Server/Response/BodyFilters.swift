import Configuration
import Files
import HTTP
import Linux

/// Decompression of responses.
struct GunzipSettings {
    var isOn: Bool?
}

/// gunzip.
enum GunzipDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "gunzip", in: .httpServerLocation, sets: \.scope.gunzip.isOn, default: "off",
            "Decompresses the files of gzip_static always for clients that do not accept gzip.")
    ]
}

/// charset and addition, compiled.
struct BodyFilterPlan: BitwiseCopyable {
    var charset: CharsetPlan
    /// The charset of the file before it is recoded; nil if it is not recoded.
    var source: CharsetPlan?
    var charsetTypes: TypeList
    var overridesCharset: Bool
    /// Paths of this server; empty for none.
    var before: PlanBytes
    var after: PlanBytes
    var additionTypes: TypeList
}

/// The settings that body filters are compiled from; levels with the same settings share them.
struct BodyFilterGroup: Equatable {
    let charset: CharsetSettings
    let addition: AdditionSettings
}

/// A set of media types.
struct TypeList: BitwiseCopyable {
    let types: PlanTable<PlanBytes>
    let hasAll: Bool

    init(_ names: [String], in arena: Arena) {
        hasAll = names.contains("*")
        types = arena.store(elements: Set(names).sorted().map { arena.store($0) })
    }

    /// Returns true if a type, as written in Content-Type, is in the set.
    func contains(_ type: PlanBytes) -> Bool {
        if hasAll { return true }
        for index in 0..<types.count {
            let name = types[index]
            if type.span.equalsIgnoringCase(name.span) { return true }
        }
        return false
    }
}

/// The body filters of a location, in nginx's order: decompression, added texts, charset;
/// compression, which ``Worker/shouldCompress(_:_:_:_:)`` decides, follows.
struct BodyFilters: BitwiseCopyable {
    /// gunzip
    var decompresses = false
    /// add_before_body, add_after_body
    var adds = false
    /// The index in the plan of the recoding; -1 for none.
    var recoding: Int32 = -1
    /// The index in the plan of the charset that the response declares; -1 for none.
    var charset: Int32 = -1

    /// True if the body is sent unchanged.
    var isNone: Bool { !decompresses && !adds && recoding < 0 }
}

enum BodyFilterChain {
    /// Selects the filters that change a response's body, and adjusts its head.
    static func filter(
        _ head: inout ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) -> BodyFilters {
        var filters = BodyFilters()
        guard !location.features.isDisjoint(with: .bodyFilters) else { return filters }
        if location.features.contains(.gunzip), head.coding == .gzip {
            request.varies = true
            if !GzipFilter.allowsGzip(head, &request, &services, location) {
                filters.decompresses = true
                head.coding = .identity
                head.isWeak = true
                head.loseLength()
            }
        }
        guard location.bodyFilter >= 0 else { return filters }
        let filter = services.plan.bodyFilters[Int(location.bodyFilter)]
        if request.isSubrequest {
            filters.recoding = Charsets.recodingToMain(head, filter, &request, &services)
            return filters
        }
        if location.features.contains(.addition), head.status == 200,
            let type = head.contentType, filter.additionTypes.contains(type)
        {
            filters.adds = true
            head.isWeak = true
            head.loseLength()
        }
        if location.features.contains(.charset) {
            Charsets.setCharset(of: &head, &filters, filter, &request, &services)
            if filters.recoding >= 0,
                !services.plan.recodings[Int(filters.recoding)].table.keepsLength
            {
                head.loseLength()
            }
        }
        return filters
    }

    /// Returns a body passed through filters; nil if memory is short.
    static func filtered(
        _ unread: [BodySegment], _ filters: BodyFilters, _ request: inout Request,
        _ services: inout Services
    ) -> [BodySegment]? {
        let segments = unread.map { inMemory($0, request, services) }
        var stages: [BodyFilterStage] = []
        if filters.decompresses {
            guard let decoder = Gunzip() else { return nil }
            stages.append(.decompress(decoder))
        }
        if filters.recoding >= 0 {
            stages.append(.recode(services.plan.recodings[Int(filters.recoding)].table))
        }
        let body: [BodySegment] =
            stages.isEmpty ? segments : [.body(BodyProducer(segments, through: stages))]
        guard filters.adds else { return body }
        let location = services.plan.locations[Int(request.location)]
        let filter = services.plan.bodyFilters[Int(location.bodyFilter)]
        var whole = body
        if !filter.before.isEmpty {
            guard
                let added = Subrequests.runSubrequest(
                    filter.before, charset: filters.charset, &request, &services)
            else { return nil }
            whole = added + whole
        }
        if !filter.after.isEmpty {
            guard
                let added = Subrequests.runSubrequest(
                    filter.after, charset: filters.charset, &request, &services)
            else { return nil }
            whole += added
        }
        return whole
    }
}

extension BodyFilterChain {
    /// Returns the bytes of a piece of a file if they are cached; otherwise the segment itself.
    private static func inMemory(
        _ segment: BodySegment, _ request: borrowing Request, _ services: borrowing Services
    ) -> BodySegment {
        let entry = request.entry
        guard case .file(let offset, let count) = segment, entry >= 0,
            services.files.hasBytes(entry)
        else {
            return segment
        }
        let bytes = services.files.bytes(of: entry)
        let piece = bytes.slice(from: Int(offset), to: Int(offset) &+ Int(count))
        return .bytes(piece.indices.map { piece[$0] })
    }
}

extension ResponseHead {
    /// Records that the body is generated while it is sent: neither its length nor its ranges are
    /// known.
    mutating func loseLength() {
        if wholeLength < 0 { wholeLength = contentLength }
        contentLength = -1
        acceptsRanges = false
    }
}
