import HTTP

/// The variables of access modules.
extension Worker {
    /// Writes the value of a variable. Returns false if it has none. As in nginx the value is
    /// computed when a request first uses it, and stays the same for the rest of the request.
    mutating func writeAccessValue(
        _ variable: Variable, _ request: inout Request, into writer: inout ByteWriter
    ) -> Bool {
        let context = context(of: &request)
        if let known = context.accessValues[variable] {
            guard let known else { return false }
            writer.append(known.span)
            return true
        }
        var isThere = false
        let value = bytes { (worker, writer) in
            isThere = worker.decide(variable, &request, into: &writer)
        }
        context.accessValues[variable] = .some(isThere ? value : nil)
        writer.append(value.span)
        return isThere
    }

    private mutating func decide(
        _ variable: Variable, _ request: inout Request, into writer: inout ByteWriter
    ) -> Bool {
        switch variable {
        case .secureLink, .secureLinkExpires:
            return writeSecureLink(variable, &request, into: &writer)
        case .invalidReferer: return writeInvalidReferer(request, into: &writer)
        default: return writeUserID(variable, &request, into: &writer)
        }
    }
}
