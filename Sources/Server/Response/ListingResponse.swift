import Files
import HTTP
import Linux

/// autoindex: the listing of a directory, as HTML, JSON, JSONP or XML.
extension Worker {
    mutating func respondWithListing(
        _ request: inout Request, _ location: LocationPlan
    ) -> Outcome {
        var style = DirectoryListing.Style()
        style.format = location.listingFormat.format
        if style.format == .jsonp {
            style.callback = argument("callback", request)
            guard DirectoryListing.isCallback(style.callback.span) else { return .status(400) }
            if style.callback.isEmpty { style.format = .json }
        }
        style.showsExactSize = location.features.contains(.exactSize)
        style.linksToParent = request.uri.count > 1
        if location.features.contains(.localTime) {
            style.offsetSeconds = Clock.localOffset(at: clock.seconds)
        }
        let path = request.uri.span
        style.path = path.indices.map { path[$0] }
        if location.features.contains(.sortsListings) {
            style.linksToOrders = true
            style.order = order(request)
        }
        mapPath(location, &request)
        explanation?.note("autoindex: the names in \(self.path.text)")
        let directory: Int32
        switch openDirectory(location, &request) {
        case .failure(let error): return reportOpenFailure(error, &request, location)
        case .success(let descriptor): directory = descriptor
        }
        do throws(FileError) {
            let body = try ListingBody(
                owning: Descriptor(owning: directory), links: location.links, style: style)
            var head = commonHead(200, request, location)
            head.contentType = plan.listingTypes[Int(ListingFormat(style.format).rawValue)]
            if style.format == .xml { head.charset = .constant(plan.utf8) }
            if let outcome = preconditionsOutcome(head, &request, location) { return outcome }
            respond(head, [.listing(body)], &request, location)
            return .responded
        } catch {
            return reportOpenFailure(error, &request, location)
        }
    }

    /// Returns the order that the query requests, in the form of Apache's mod_autoindex: `C=N`, `M`
    /// or `S`, `O=A` or `D`. Anything else is nginx's order.
    private func order(_ request: borrowing Request) -> DirectoryListing.Order {
        var order = DirectoryListing.Order()
        switch argument("c", request) {
        case [UInt8(ascii: "S")]: order.key = .size
        case [UInt8(ascii: "M")]: order.key = .modified
        default: break
        }
        order.isDescending = argument("o", request) == [UInt8(ascii: "D")]
        return order
    }

    /// Returns an argument of the query as written; empty if it is missing.
    private func argument(_ name: StaticString, _ request: borrowing Request) -> [UInt8] {
        let capacity = plan.servers[Int(request.server)].limits.requestLine
        let record = requestVariables(request)
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
