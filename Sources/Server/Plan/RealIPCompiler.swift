import Configuration

/// set_real_ip_from and related directives, compiled.
struct RealIPPlan: BitwiseCopyable {
    enum Source: UInt8, BitwiseCopyable {
        case forwardedFor, field, proxyProtocol
    }

    let trusted: PlanTable<Network>
    let isRecursive: Bool
    let source: Source
    /// The name of the header for `field`, in lower case.
    let field: PlanBytes
}

extension PlanCompiler {
    /// Returns the index of the settings; -1 if no proxy is trusted.
    mutating func realIP(_ settings: RealIPSettings) -> Int32 {
        guard let words = settings.trusted else { return -1 }
        let networks = words.compactMap { word -> Network? in
            if word.text == "unix:" { return .unix }
            return trustedNetwork(word)
        }
        var source = RealIPPlan.Source.field
        var field = "x-real-ip"
        switch settings.source {
        case .forwardedFor: source = .forwardedFor
        case .proxyProtocol: source = .proxyProtocol
        case .field(let name): field = name
        case nil: break
        }
        let isRecursive = settings.isRecursive ?? false
        let known = parts.realIPs.firstIndex { plan in
            plan.source == source && plan.isRecursive == isRecursive && plan.field.text == field
                && plan.trusted.count == networks.count
                && networks.indices.allSatisfy { plan.trusted[$0] == networks[$0] }
        }
        if let known { return Int32(known) }
        parts.realIPs.append(
            RealIPPlan(
                trusted: parts.arena.store(elements: networks), isRecursive: isRecursive,
                source: source, field: parts.arena.store(field)))
        return Int32(parts.realIPs.count &- 1)
    }

    /// Parses a trusted proxy. nginx resolves names at its start; here addresses are numeric.
    private mutating func trustedNetwork(_ word: Word) -> Network? {
        guard Network.parse(word.bytes.span) == nil, !word.bytes.contains(UInt8(ascii: "/")) else {
            return network(word, fault: "invalid network")
        }
        report(
            Diagnostic(
                .error, "host not found in set_real_ip_from \"\(word.text)\"", at: word.place,
                length: word.length, help: ["names are not looked up, write the address"]))
        return nil
    }
}
