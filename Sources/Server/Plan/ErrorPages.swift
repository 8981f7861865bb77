import Files
import HTTP

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
