import Foundation
import Glibc

/// The binary under test: the one that `APUS_BINARY` names, otherwise the `apus` built beside the
/// test bundle. It may name nginx: the tests then show that nginx responds as they expect.
enum Product {
    static let binary: String = {
        if let named = ProcessInfo.processInfo.environment["APUS_BINARY"], !named.isEmpty {
            return named
        }
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let beside = (bundle ?? "/").split(separator: "/").dropLast().map { "/" + $0 }.joined()
        if unsafe access(beside + "/apus", X_OK) == 0 { return beside + "/apus" }
        return repository + "/.build/debug/apus"
    }()

    /// False for nginx, which is not tested for what apus does beyond nginx, or in another way.
    static let isApus = !binary.hasSuffix("nginx")

    /// True for a debug build, whose workers try forbidden actions on request.
    static let isDebugBuild = isApus && binary.contains("/debug/")

    /// The root of the package that these tests belong to.
    static let repository: String =
        #filePath.components(separatedBy: "/Tests/EndToEndTests/")[0]

    /// The name of the binary in `-v` and in the Server header.
    static let name = isApus ? "apus" : "nginx"

    static let isRoot = geteuid() == 0
}
