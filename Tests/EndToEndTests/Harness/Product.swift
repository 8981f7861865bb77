import Foundation
import Glibc

/// The binary under test: the one that `APUS_BINARY` names, else the `apus` that was built beside
/// the test bundle. nginx may be named: it gives the answers that apus promises, so the tests
/// are run against it to show that they ask for the right thing.
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

    /// False for a stand-in: what apus promises beyond nginx, or instead of it, is not asked of it.
    static let isApus = !binary.hasSuffix("nginx")

    /// A debug build: it can be asked to do what a worker must not be able to do.
    static let isDebugBuild = isApus && binary.contains("/debug/")

    /// The root of the package that these tests belong to.
    static let repository: String =
        #filePath.components(separatedBy: "/Tests/EndToEndTests/")[0]

    /// The name that the binary gives itself in `-v` and in the Server field.
    static let name = isApus ? "apus" : "nginx"

    static let isRoot = geteuid() == 0
}
