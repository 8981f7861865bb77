import Files
import HTTP
import Linux

/// Variables of map, geo and split_clients, which are evaluated on first use.
enum LookupVariables {
    /// Writes the value of such a variable, which is cached for the rest of the request unless it
    /// is volatile.
    static func lookUp(
        _ index: Int, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) {
        let variable = services.plan.variables[index]
        var value: [UInt8] = []
        var isCached = true
        request.recorder.record(variable.source.cacheability)
        switch variable.source {
        case .map:
            let map = services.plan.maps[Int(variable.index)]
            value = mapped(map, variable, &request, &services)
            isCached = !map.isVolatile
        case .geo:
            let geo = services.plan.geos[Int(variable.index)]
            value = located(geo, &request, &services)
            isCached = !geo.isVolatile
        case .split:
            let split = services.plan.splits[Int(variable.index)]
            let source = Variables.value(of: split.source, &request, &services)
            let found = split.table.value(of: source.span)
            value = found.map { Array($0) } ?? []
        case .assigned, .captured: break
        }
        if isCached { services.context(of: &request).values[index] = .known(value) }
        writer.append(value.span)
    }

    private static func mapped(
        _ map: MapPlan, _ variable: VariablePlan, _ request: inout Request,
        _ services: inout Services
    ) -> [UInt8] {
        let source = Variables.value(of: map.source, &request, &services)
        var result = map.fallback
        switch services.plan.outcome(of: source.span, in: map) {
        case .result(let index): result = index
        case .matched(let index, let regex):
            result = index
            Variables.storeCaptures(
                of: regex, in: map.table.subject(of: source.span), &request, &services)
        case .none: break
        case .failed(let row):
            let pattern = map.table.regexes[Int(row)].pattern
            services.logError(
                .alert,
                "matching \"\(source.span.text)\" with \"\(pattern.text)\" of the map "
                    + "\"$\(variable.name.text)\" took too many steps", request)
        }
        return result >= 0 ? Variables.value(of: map.results[Int(result)], &request, &services) : []
    }

    private static func located(
        _ geo: GeoPlan, _ request: inout Request, _ services: inout Services
    ) -> [UInt8] {
        var peer: Peer? = services.peers[request.slot]
        if geo.hasSource {
            let source = Variables.value(of: geo.source, &request, &services)
            peer = AddressText.address(source.span)
        }
        if !geo.proxies.isEmpty, let nearest = peer {
            var chain = ForwardedAddress(
                from: nearest, trusted: geo.proxies, isRecursive: geo.isRecursive)
            processForwarded(&chain, request)
            peer = chain.address
        }
        guard let index = geo.table.value(of: peer) else { return [] }
        return Array(geo.values[Int(index)])
    }

    /// Processes the request's X-Forwarded-For headers as a chain of proxies, the last one first.
    static func processForwarded(_ chain: inout ForwardedAddress, _ request: borrowing Request) {
        let received = request.received
        var lists: [ByteExtent] = []
        var fields = FieldIterator(request.parser.head)
        while let field = fields.next(in: received) {
            if received.slice(field.name).equalsIgnoringCase("x-forwarded-for") {
                lists.append(field.value)
            }
        }
        while let list = lists.popLast(), chain.process(received.slice(list)) {}
    }
}
