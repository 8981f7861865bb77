import Files
import HTTP
import Linux

/// Variables of map, geo and split_clients, which are evaluated on first use.
extension Worker {
    /// Writes the value of such a variable, which is cached for the rest of the request unless it
    /// is volatile.
    mutating func lookUp(
        _ index: Int, _ request: inout Request, into writer: inout ByteWriter
    ) {
        let variable = plan.variables[index]
        var value: [UInt8] = []
        var isCached = true
        switch variable.source {
        case .map:
            let map = plan.maps[Int(variable.index)]
            value = mapped(map, variable, &request)
            isCached = !map.isVolatile
        case .geo:
            preventCaching()
            let geo = plan.geos[Int(variable.index)]
            value = located(geo, &request)
            isCached = !geo.isVolatile
        case .split:
            let split = plan.splits[Int(variable.index)]
            let source = self.value(of: split.source, &request)
            let found = split.table.value(of: source.span)
            value = found.map { Array($0) } ?? []
        case .assigned, .captured: break
        }
        if isCached { context(of: &request).values[index] = .known(value) }
        writer.append(value.span)
    }

    private mutating func mapped(
        _ map: MapPlan, _ variable: VariablePlan, _ request: inout Request
    ) -> [UInt8] {
        let source = value(of: map.source, &request)
        var result = map.fallback
        switch plan.outcome(of: source.span, in: map) {
        case .result(let index): result = index
        case .matched(let index, let regex):
            result = index
            storeCaptures(of: regex, in: map.table.subject(of: source.span), &request)
        case .none: break
        case .failed(let row):
            let pattern = map.table.regexes[Int(row)].pattern
            logError(
                .alert,
                "matching \"\(source.span.text)\" with \"\(pattern.text)\" of the map "
                    + "\"$\(variable.name.text)\" took too many steps", request)
        }
        return result >= 0 ? value(of: map.results[Int(result)], &request) : []
    }

    private mutating func located(
        _ geo: GeoPlan, _ request: inout Request
    ) -> [UInt8] {
        var peer: Peer? = peers[request.slot]
        if geo.hasSource {
            let source = value(of: geo.source, &request)
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
    func processForwarded(_ chain: inout ForwardedAddress, _ request: borrowing Request) {
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

extension Plan {
    /// Looks up a value in a map.
    func outcome(of value: Span<UInt8>, in map: MapPlan) -> MapTable.Outcome {
        map.table.outcome(of: value) { regexes[Int($0)].matches($1) }
    }
}
