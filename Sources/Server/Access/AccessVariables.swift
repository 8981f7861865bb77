import HTTP

/// The variables of access modules.
enum AccessVariables {
    /// Writes the value of a variable. Returns false if it has none. As in nginx the value is
    /// computed when a request first uses it, and stays the same for the rest of the request.
    static func writeAccessValue(
        _ variable: Variable, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        let context = services.context(of: &request)
        if let known = context.accessValues[variable] {
            guard let known else { return false }
            writer.append(known.span)
            return true
        }
        var isThere = false
        let value = services.bytes { (services, writer) in
            isThere = decide(variable, &request, &services, into: &writer)
        }
        context.accessValues[variable] = .some(isThere ? value : nil)
        writer.append(value.span)
        return isThere
    }

    private static func decide(
        _ variable: Variable, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        switch variable {
        case .secureLink, .secureLinkExpires:
            return SecureLinks.writeSecureLink(variable, &request, &services, into: &writer)
        case .invalidReferer: return Referer.writeInvalidReferer(request, services, into: &writer)
        default: return UserIDCookies.writeUserID(variable, &request, &services, into: &writer)
        }
    }
}
