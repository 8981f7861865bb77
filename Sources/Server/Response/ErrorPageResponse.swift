import HTTP
import Linux

/// Error pages in place of a status (ngx_http_special_response_handler).
enum ErrorPageResponse {
    /// Redirects internally to the error page of a status and returns the outcome. Without one,
    /// responds with the built-in page and returns nil.
    static func respondWithErrorPage(
        for status: Int, _ request: inout Request, _ services: inout Services
    ) -> PhaseOutcome? {
        let location = services.plan.locations[Int(request.location)]
        endKeepAlive(after: status, &request)
        guard location.errorPages >= 0, !request.hasErrorPage,
            let page = findErrorPage(
                of: status, in: services.plan.errorPageSets[Int(location.errorPages)])
        else {
            request.errorStatus = 0
            services.explanation?.note("status \(status): no error_page applies")
            BuiltInResponse.respondWithStatus(status, &request, &services)
            return nil
        }
        request.hasErrorPage = !location.features.contains(.recursiveErrorPages)
        request.errorStatus = page.overwrite >= 0 ? Int(page.overwrite) : status
        let target = Variables.value(of: page.target, &request, &services)
        services.explanation?.note("status \(status): error_page \(target.span.text)")
        switch target.first {
        case UInt8(ascii: "@"): return TryFiles.enterLocation(named: target, &request, &services)
        case UInt8(ascii: "/"):
            if request.method != .head { request.method = .get }
            return TryFiles.redirectInternally(to: target, &request, &services)
        default:
            // Any other target is a URL, to which the client is redirected.
            let isRedirect = Status.isRedirect(Int(page.overwrite))
            request.errorStatus = 0
            services.context(of: &request).target = target
            BuiltInResponse.respondWithStatus(
                isRedirect ? Int(page.overwrite) : 302, &request, &services)
            return nil
        }
    }

    private static func findErrorPage(
        of status: Int, in pages: PlanTable<ErrorPagePlan>
    ) -> ErrorPagePlan? {
        for index in 0..<pages.count {
            let page = pages[index]
            if Int(page.status) == status { return page }
        }
        return nil
    }

    /// Closes the connection after statuses for which the end of the client's request is uncertain.
    static func endKeepAlive(after status: Int, _ request: inout Request) {
        switch status {
        case 400, 413, 414, 495, 496, 497, 500, 501:
            request.keepsAlive = false
            request.endsConnection = true
        // After a request that could not be parsed the connection is closed, whatever the status.
        default: if request.fault != nil { request.endsConnection = true }
        }
    }
}
