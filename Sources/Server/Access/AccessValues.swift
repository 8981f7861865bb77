import HTTP

/// The variables of the access group.
extension Worker {
    /// Writes one; false when it has no value. As in nginx it is decided when a request first asks
    /// for it, and stays so wherever the request goes.
    mutating func writeAccessValue(
        _ variable: Variable, _ slot: Int, _ exchange: Int, into writer: inout HeadWriter
    ) -> Bool {
        let context = context(of: exchange)
        if let known = context.accessValues[variable] {
            guard let known else { return false }
            writer.append(known.span)
            return true
        }
        var isThere = false
        let value = bytes { (worker, writer) in
            isThere = worker.decide(variable, slot, exchange, into: &writer)
        }
        context.accessValues[variable] = .some(isThere ? value : nil)
        writer.append(value.span)
        return isThere
    }

    private mutating func decide(
        _ variable: Variable, _ slot: Int, _ exchange: Int, into writer: inout HeadWriter
    ) -> Bool {
        switch variable {
        case .secureLink, .secureLinkExpires:
            return writeSecureLink(variable, slot, exchange, into: &writer)
        case .invalidReferer: return writeInvalidReferer(slot, exchange, into: &writer)
        default: return writeUserID(variable, slot, exchange, into: &writer)
        }
    }
}
