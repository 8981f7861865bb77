import Configuration
import Files
import HTTP
import Linux

/// A GIF of one pixel.
struct EmptyGifSettings {
    var isOn = false
}

/// empty_gif.
enum EmptyGif: Step {
    static var cacheability: Cacheability { .shared }

    static let rows: [DirectiveRow<Draft>] = [
        // As in nginx, nested locations do not inherit it.
        .row(
            "empty_gif", in: .location, takes: .exactly(0), repeats: .yes,
            "Responds with a transparent GIF of one pixel."
        ) { (draft, _) throws(Diagnostic) in draft.scope.emptyGif.isOn = true }
    ]
}

/// empty_gif: a transparent GIF of one pixel, for counting page views.
extension EmptyGif {
    /// The Last-Modified of nginx's GIF: 28 September 1970, 06:00:00.
    private static let gifModified: Int64 = 23_349_600

    static func run(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        services.explanation?.note("empty_gif")
        let method = request.method
        guard method == .get || method == .head else { return .status(405) }
        var head = FileResponse.commonHead(200, request, services, location)
        head.contentType = services.plan.gifType
        head.contentLength = Int64(emptyGifBytes.count)
        let validators = FileValidators(
            FileStatus(kind: .regular, size: head.contentLength, modified: gifModified),
            now: services.clock.seconds)
        head.validators = validators
        head.sendsModified = head.status == 200
        if head.status == 200 {
            switch FileResponse.evaluatePreconditions(validators, hasETag: false, request, location)
            {
            case .proceed: break
            case .failed:
                services.explanation?.note("preconditions: not met")
                return .status(412)
            case .notModified:
                NotModified.respondNotModified(head, &request, &services, location)
                return .responded
            }
        }
        GzipFilter.respond(head, [.bytes(emptyGifBytes)], &request, &services, location)
        return .responded
    }

    /// GIF89a (section numbers are those of the specification): header (17), a screen of one pixel
    /// with two colours (18, 19), pixels of colour 1 are transparent (23), an image of one such
    /// pixel (20, 22), the trailer (27).
    static let emptyGifBytes: [UInt8] =
        Array("GIF89a".utf8) + [1, 0, 1, 0, 0x80, 1, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF]
        + [0x21, 0xF9, 4, 1, 0, 0, 1, 0] + [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0]
        + [2, 2, 0x4C, 1, 0, 0x3B]
}
