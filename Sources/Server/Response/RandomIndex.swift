import Files
import HTTP
import Linux

/// random_index: an internal redirect to a random file of the directory.
extension Worker {
    /// Redirects to a random file. Returns nil if the directory has none. A link counts as its
    /// target, as in nginx.
    mutating func redirectToRandomFile(
        _ request: inout Request, _ location: LocationPlan
    ) -> Outcome? {
        mapPath(location, &request)
        let directory: Int32
        switch openDirectory(location, &request) {
        case .failure(let error): return reportOpenFailure(error, &request, location)
        case .success(let descriptor): directory = descriptor
        }
        do throws(FileError) {
            var stream = try DirectoryStream(owning: Descriptor(owning: directory))
            guard let name = try stream.randomFile(followsLinks: location.links == .follow) else {
                return nil
            }
            explanation?.note("random_index: \(name.span.text)")
            _ = context(of: &request)
            return request.uri.append(name.span) ? .redirected : .status(500)
        } catch {
            return reportOpenFailure(error, &request, location)
        }
    }
}
