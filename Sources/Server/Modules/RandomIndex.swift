import Configuration
import Files
import HTTP
import Linux

/// A random file of a directory.
struct RandomIndexSettings {
    var isOn: Bool?
}

/// random_index.
enum RandomIndex: Step {
    static var cacheability: Cacheability { .perRequest }

    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "random_index", in: .location, sets: \.scope.randomIndex.isOn, default: "off",
            "Responds to a path that ends in a slash with a random file of that directory.")
    ]
}

/// random_index: an internal redirect to a random file of the directory.
extension RandomIndex {
    /// Redirects to a random file. Returns nil if the directory has none. A link counts as its
    /// target, as in nginx.
    static func run(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        FilePaths.mapPath(location, &request, &services)
        let directory: Int32
        switch Content.openDirectory(location, &request, &services) {
        case .failure(let error):
            return Content.reportOpenFailure(error, &request, &services, location)
        case .success(let descriptor): directory = descriptor
        }
        do throws(FileError) {
            var stream = try DirectoryStream(owning: Descriptor(owning: directory))
            guard let name = try stream.randomFile(followsLinks: location.links == .follow) else {
                return nil
            }
            services.explanation?.note("random_index: \(name.span.text)")
            _ = services.context(of: &request)
            return request.uri.append(name.span) ? .redirected : .status(500)
        } catch {
            return Content.reportOpenFailure(error, &request, &services, location)
        }
    }
}
