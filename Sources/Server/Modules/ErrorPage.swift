import Configuration
import Files
import HTTP
import Linux

/// Error pages of the configuration.
struct ErrorPageSettings {
    var pages: [ErrorPageDraft]?
    var isRecursive: Bool?
}

/// One status of an `error_page`.
struct ErrorPageDraft {
    let status: Int
    /// The status of the response: nil for the error's own, 0 for that of the page (`=`).
    let overwrite: Int?
    let target: Word
}

/// error_page and recursive_error_pages.
enum ErrorPageResponse {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "error_page", in: [.http, .server, .location, .ifInLocation], takes: .atLeast(2),
            repeats: .yes,
            "Sets the page, named location or address that replaces an error.",
            inherit: DirectiveRow.inheriting(\.scope.errorPages.pages),
            apply: { (draft, use) throws(Diagnostic) in
                let pages = try pages(use)
                draft.scope.errorPages.pages = (draft.scope.errorPages.pages ?? []) + pages
            }
        ).evaluating(.last),
        .flag(
            "recursive_error_pages", in: .httpServerLocation,
            sets: \.scope.errorPages.isRecursive, default: "off",
            "Allows error pages for errors of error pages."),
    ]

    private static func pages(_ use: DirectiveUse) throws(Diagnostic) -> [ErrorPageDraft] {
        var codes = use.arguments.count - 1
        let target = try use.word(codes)
        var overwrite: Int?
        if try use.bytes(codes - 1).first == UInt8(ascii: "=") {
            codes -= 1
            let digits = try use.bytes(codes).dropFirst()
            guard codes > 0, let value = digits.isEmpty ? 0 : NginxSize.integer(digits),
                value <= 999
            else { throw use.fail("invalid value \"\(try use.text(codes))\"", at: codes) }
            overwrite = value
        }
        var pages: [ErrorPageDraft] = []
        for index in 0..<codes {
            guard let status = NginxSize.integer(try use.bytes(index)[...]), status != 499 else {
                throw use.fail("invalid value \"\(try use.text(index))\"", at: index)
            }
            guard status >= 300, status <= 599 else {
                throw use.fail(
                    "value \"\(try use.text(index))\" must be between 300 and 599", at: index)
            }
            // nginx sends its own codes for bad requests as 400.
            let sent = Status.sent(status)
            pages.append(
                ErrorPageDraft(
                    status: status, overwrite: overwrite ?? (sent == status ? nil : sent),
                    target: target))
        }
        return pages
    }
}

/// The built-in pages, created once.
struct ErrorPages {
    /// A page and its status.
    struct Page: BitwiseCopyable {
        let status: Int
        let withVersion: PlanBytes
        let withoutVersion: PlanBytes
    }

    private let pages: PlanTable<Page>

    static let statuses = [
        301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412,
        413, 414, 415, 416, 421, 429, 431, 494, 495, 496, 497, 498, 500, 501, 502, 503, 504, 505,
        507,
    ]

    init(in arena: Arena) {
        pages = arena.store(
            elements: ErrorPages.statuses.map { status in
                Page(
                    status: status,
                    withVersion: arena.store(ErrorPages.html(status, Version.product)),
                    withoutVersion: arena.store(ErrorPages.html(status, "apus")))
            })
    }

    private static func html(_ status: Int, _ server: String) -> [UInt8] {
        let title = Status.title(status)
        return ErrorPage.html(status: title.code, reason: "\(title.text)", serverToken: server)
    }

    /// Returns the page of a status; nil if it has none.
    func page(of status: Int, showsVersion: Bool) -> PlanBytes? {
        var index = 0
        while index < pages.count {
            if pages[index].status == status {
                return showsVersion ? pages[index].withVersion : pages[index].withoutVersion
            }
            index &+= 1
        }
        return nil
    }
}

/// Error pages in place of a status (ngx_http_special_response_handler).
extension ErrorPageResponse {
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
