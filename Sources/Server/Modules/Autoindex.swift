import Configuration
import Files
import HTTP
import Linux

/// Directory listings.
struct AutoindexSettings {
    var isOn: Bool?
    var exactSize: Bool?
    var localTime: Bool?
    var format: DirectoryListing.Format?
    var sorts: Bool?
}

/// autoindex.
enum Autoindex: Step {
    static var cacheability: Cacheability { .perRequest }

    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "autoindex", in: .httpServerLocation, sets: \.scope.autoindex.isOn, default: "off",
            "Lists directories without an index file."),
        .choice(
            "autoindex_format", in: .httpServerLocation, sets: \.scope.autoindex.format,
            [("html", .html), ("json", .json), ("jsonp", .jsonp), ("xml", .xml)],
            default: "html", "Sets the format of listings: html, xml, json or jsonp."),
        .flag(
            "autoindex_exact_size", in: .httpServerLocation, sets: \.scope.autoindex.exactSize,
            default: "on", "Shows sizes in listings in bytes instead of K, M and G."),
        .flag(
            "autoindex_localtime", in: .httpServerLocation, sets: \.scope.autoindex.localTime,
            default: "off", "Shows times in listings in local time instead of UTC."),
        .flag(
            "autoindex_sort", in: .httpServerLocation, sets: \.scope.autoindex.sorts,
            default: "off",
            "Sorts listings by the query (C=N, S or M; O=A or D); specific to apus."),
    ]
}

/// The value of autoindex_format.
enum ListingFormat: UInt8, BitwiseCopyable, CaseIterable {
    case html, json, jsonp, xml

    init(_ format: DirectoryListing.Format) {
        switch format {
        case .html: self = .html
        case .json: self = .json
        case .jsonp: self = .jsonp
        case .xml: self = .xml
        }
    }

    var format: DirectoryListing.Format {
        switch self {
        case .html: .html
        case .json: .json
        case .jsonp: .jsonp
        case .xml: .xml
        }
    }
}

/// autoindex: the listing of a directory, as HTML, JSON, JSONP or XML.
extension Autoindex {
    static func run(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        var style = DirectoryListing.Style()
        style.format = location.listingFormat.format
        if style.format == .jsonp {
            style.callback = argument("callback", request, services)
            guard DirectoryListing.isCallback(style.callback.span) else { return .status(400) }
            if style.callback.isEmpty { style.format = .json }
        }
        style.showsExactSize = location.features.contains(.exactSize)
        style.linksToParent = request.uri.count > 1
        if location.features.contains(.localTime) {
            style.offsetSeconds = Clock.localOffset(at: services.clock.seconds)
        }
        let path = request.uri.span
        style.path = path.indices.map { path[$0] }
        if location.features.contains(.sortsListings) {
            style.linksToOrders = true
            style.order = order(request, services)
        }
        FilePaths.mapPath(location, &request, &services)
        services.explanation?.note("autoindex: the names in \(services.path.text)")
        let directory: Int32
        switch Content.openDirectory(location, &request, &services) {
        case .failure(let error):
            return Content.reportOpenFailure(error, &request, &services, location)
        case .success(let descriptor): directory = descriptor
        }
        do throws(FileError) {
            let body = try ListingBody(
                owning: Descriptor(owning: directory), links: location.links, style: style)
            var head = FileResponse.commonHead(200, request, services, location)
            head.contentType = services.plan.listingTypes[Int(ListingFormat(style.format).rawValue)]
            if style.format == .xml { head.charset = .constant(services.plan.utf8) }
            if let outcome = BuiltInResponse.preconditionsOutcome(
                head, &request, &services, location)
            {
                return outcome
            }
            GzipFilter.respond(head, [.listing(body)], &request, &services, location)
            return .responded
        } catch {
            return Content.reportOpenFailure(error, &request, &services, location)
        }
    }

    /// Returns the order that the query requests, in the form of Apache's mod_autoindex: `C=N`, `M`
    /// or `S`, `O=A` or `D`. Anything else is nginx's order.
    private static func order(_ request: borrowing Request, _ services: borrowing Services)
        -> DirectoryListing.Order
    {
        var order = DirectoryListing.Order()
        switch argument("c", request, services) {
        case [UInt8(ascii: "S")]: order.key = .size
        case [UInt8(ascii: "M")]: order.key = .modified
        default: break
        }
        order.isDescending = argument("o", request, services) == [UInt8(ascii: "D")]
        return order
    }

    /// Returns an argument of the query as written; empty if it is missing.
    private static func argument(
        _ name: StaticString, _ request: borrowing Request, _ services: borrowing Services
    ) -> [UInt8] {
        let capacity = services.plan.servers[Int(request.server)].limits.requestLine
        return unsafe [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
            guard let start = memory.baseAddress else { return }
            var writer = unsafe ByteWriter(
                unsafe: UnsafeMutableRawPointer(start), capacity: capacity)
            _ = RequestVariables.writeArgument(
                Array("\(name)".utf8).span, request, into: &writer)
            count = writer.count
        }
    }
}
