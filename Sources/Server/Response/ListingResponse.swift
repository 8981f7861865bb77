import Files
import HTTP
import Linux

/// autoindex: the listing of a directory, as HTML, JSON, JSONP or XML.
enum Autoindex: Step {
    static var cacheability: Cacheability { .perRequest }

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
            CompressedResponse.respond(head, [.listing(body)], &request, &services, location)
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
        let record = Variables.requestVariables(request, services)
        let received = request.received
        return unsafe [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
            guard let start = memory.baseAddress else { return }
            var writer = unsafe ByteWriter(
                unsafe: UnsafeMutableRawPointer(start), capacity: capacity)
            _ = record.writeArgument(
                Array("\(name)".utf8).span, in: received, into: &writer)
            count = writer.count
        }
    }
}
