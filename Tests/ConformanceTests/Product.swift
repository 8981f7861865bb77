import Conformance
import Foundation

/// The binary under test: the one that `APUS_BINARY` names, otherwise the `apus` built beside the
/// test bundle.
enum Product {
    static let binary: String = {
        if let named = ProcessInfo.processInfo.environment["APUS_BINARY"], !named.isEmpty {
            return named
        }
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let beside = ((bundle ?? "/") as NSString).deletingLastPathComponent + "/apus"
        if FileManager.default.isExecutableFile(atPath: beside) { return beside }
        return repository + "/.build/debug/apus"
    }()

    /// The root of the package that these tests belong to.
    static let repository: String =
        #filePath.components(separatedBy: "/Tests/ConformanceTests/")[0]

    static let server = Result { try ServerUnderTest(.apus, program: binary) }
    static let strictServer = Result { try ServerUnderTest(.strictApus, program: binary) }
    static let nginx = Result {
        let server = try RunningServer(.nginx)
        return try Report(server.target, isStrict: true).failures
    }

    /// True if the binary knows the directive; otherwise it refuses a configuration that has it.
    static let hasStrictRequests: Bool = {
        guard case .failure = strictServer else { return true }
        return false
    }()

    /// True if nginx is installed, for comparison.
    static let hasNginx = FileManager.default.isExecutableFile(atPath: "/usr/sbin/nginx")
}

/// A running server, and the client that sends it requests.
struct ServerUnderTest: Sendable {
    private let server: RunningServer
    let runner: Runner

    init(_ peer: Peer, program: String) throws {
        server = try RunningServer(peer, program: program)
        runner = try Runner(server.target, keeps: true)
    }
}
